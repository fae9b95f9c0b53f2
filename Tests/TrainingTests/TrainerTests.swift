import Datasets
import Foundation
import Imaging
import Networks
import Synchronization
import Tasks
import Testing
import Torch
import Weights

@testable import Training

/// Images of 16 × 16 pixels whose colour tells the class; no file is read.
private struct Colours: ClassificationStorage {
    /// Goes well this often; nil: always.
    final class Reads: Sendable {
        private let left: Mutex<Int>
        init(_ count: Int) { left = Mutex(count) }
        func take() -> Bool {
            left.withLock { left in
                left -= 1
                return left >= 0
            }
        }
    }

    let count = 48
    var reads: Reads?
    func name(at index: Int) -> String { "colour \(index)" }
    func labelPlace(at index: Int) -> String { name(at: index) }
    func payload(at index: Int) throws -> ImagePayload {
        if let reads, !reads.take() { throw DatasetError(.malformed, at: name(at: index), "it is gone", remedy: "bring it back") }
        let level = UInt8(40 + index * 3)
        return .pixels(try Image(width: 16, height: 16, filledWith: index % 2 == 0 ? [level, 20, 20] : [20, level, 20]))
    }

    static func dataset(_ reads: Reads? = nil) throws -> ClassificationDataset {
        try ClassificationDataset(
            storage: Colours(reads: reads), labels: (0..<48).map { .single($0 % 2) }, classNames: ["red", "green"], source: "colours")
    }
}

/// Stops a run after some steps, as Ctrl-C would, and keeps what it was told.
private final class Watcher: TrainingObserver {
    var stopAfter: Int?
    /// Stops while validation is under way.
    var stopsInValidation = false
    var steps = 0
    var losses: [Double] = []
    func handle(_ event: TrainingEvent) {
        if case .validating = event, stopsInValidation { Interruption.request() }
        guard case .stepped(let info) = event else { return }
        steps += 1
        losses.append(info.loss)
        if steps == stopAfter { Interruption.request() }
    }
}

@Suite(.serialized)
struct TrainerTests {
    private static func run(
        _ folder: String, _ policy: ResumePolicy, changes: [String: String] = [:], watcher: Watcher = Watcher(), workers: Int = 1,
        start: InitialWeights = .random, scalesLoss: Bool = false, reads: Colours.Reads? = nil, checkpointInterval: Duration? = nil
    ) throws -> RunSummary {
        Interruption.reset()
        defer { Interruption.reset() }
        let values = ["num_layers": "20", "image_shape": "3,16,16", "epochs": "3", "mini_batch_size": "8", "augmentation_type": "crop"]
        let settings = try ClassificationHyperparameters(values.merging(changes) { $1 })
        let task = try ClassificationTask(
            hyperparameters: settings, training: Colours.dataset(reads), validation: Colours.dataset(), start: start, device: .cpu)
        let rule = settings.updateRule
        var training = TrainingSettings(
            epochs: settings.epochs, rule: rule.rule, weightDecay: rule.weightDecay, learningRate: settings.learningRate,
            schedule: .step(factor: 0.1, updates: [10]), fingerprint: settings.resolved, workers: workers)
        training.scalesLoss = scalesLoss
        training.checkpointInterval = checkpointInterval
        let trainer = try Trainer(task: task, settings: training, folder: RunFolder(folder), observers: [watcher])
        return try trainer.run(policy)
    }

    static func withFolder(_ body: (String) throws -> Void) throws {
        let folder = NSTemporaryDirectory() + "sightline-\(UUID().uuidString)"
        defer { try? FileManager.default.removeItem(atPath: folder) }
        try body(folder)
    }

    static func bytes(_ path: String) throws -> Data { try Data(contentsOf: URL(fileURLWithPath: path)) }

    @Test("A run learns, and leaves settings, results, the best and the last model")
    func artifacts() throws {
        try Self.withFolder { folder in
            let summary = try Self.run(folder, .fresh)
            #expect(summary.history.count == 3)
            #expect((summary.best?.objective.value ?? 0) > 0.75)
            let csv = try #require(String(data: Self.bytes(folder + "/results.csv"), encoding: .utf8)).split(separator: "\n")
            #expect(
                csv.first
                    == "epoch,train/loss,train/accuracy,validation/accuracy,validation/loss,learning_rate,images_per_second,seconds,data_wait,peak_memory_mb"
            )
            #expect(csv.count == 4)
            for model in ["model", "last"] {
                let (description, weights) = try ModelFolder.read(folder + "/" + model)
                #expect(description?.classes == ["red", "green"])
                #expect(weights.names.contains("layer3.2.bn2.running_var"))
            }
            #expect(FileManager.default.fileExists(atPath: folder + "/hyperparameters.json"))
        }
    }

    @Test(
        "A run that was interrupted in an epoch or between two ends with the weights of one that was not, bit for bit",
        arguments: [2, 6, 8, 14], ["sgd", "adam"])
    func resume(stopAfter: Int, optimizer: String) throws {
        try Self.withFolder { folder in
            let changes = ["optimizer": optimizer, "learning_rate": optimizer == "adam" ? "0.01" : "0.1"]
            let whole = Watcher()
            _ = try Self.run(folder + "/whole", .fresh, changes: changes, watcher: whole)
            let watcher = Watcher()
            watcher.stopAfter = stopAfter
            let error = #expect(throws: TrainingError.self) {
                try Self.run(folder + "/parts", .fresh, changes: changes, watcher: watcher, workers: 2)
            }
            #expect(error?.kind == .interrupted)
            let rest = Watcher()
            _ = try Self.run(folder + "/parts", .resume, changes: changes, watcher: rest)
            #expect(watcher.losses + rest.losses == whole.losses)
            #expect(try Self.bytes(folder + "/parts/last/model.safetensors") == Self.bytes(folder + "/whole/last/model.safetensors"))
            #expect(try Self.bytes(folder + "/parts/model/model.safetensors") == Self.bytes(folder + "/whole/model/model.safetensors"))
        }
    }

    @Test("A run whose loss is scaled ends with the weights of one whose loss is not, and its scale survives an interruption")
    func scaledLoss() throws {
        try Self.withFolder { folder in
            let changes = ["precision_dtype": "float32"]
            _ = try Self.run(folder + "/plain", .fresh, changes: changes)
            let watcher = Watcher()
            watcher.stopAfter = 8
            #expect(throws: TrainingError.self) {
                try Self.run(folder + "/scaled", .fresh, changes: changes, watcher: watcher, scalesLoss: true)
            }
            let checkpoint = try SafeTensors.read(folder + "/scaled/checkpoint.safetensors")
            let saved = try ["scale", "good_steps"].map { try Tensor(#require(checkpoint["scaler/\($0)"])).item() }
            #expect(saved == [65_536, 8])
            _ = try Self.run(folder + "/scaled", .resume, changes: changes, scalesLoss: true)
            #expect(try Self.bytes(folder + "/scaled/last/model.safetensors") == Self.bytes(folder + "/plain/last/model.safetensors"))
        }
    }

    @Test("A run that fails goes on from its last checkpoint, which also lies in the middle of an epoch, and ends with the same bits")
    func checkpointInterval() throws {
        try Self.withFolder { folder in
            let whole = Watcher()
            _ = try Self.run(folder + "/whole", .fresh, watcher: whole)
            // In the fourth mini-batch of six of the second epoch; every second image was looked at for its size before.
            let watcher = Watcher()
            let error = #expect(throws: DatasetError.self) {
                try Self.run(folder + "/parts", .fresh, watcher: watcher, reads: .init(24 + 48 + 3 * 8 + 4), checkpointInterval: .zero)
            }
            #expect(error?.description.contains("it is gone") == true)
            #expect(watcher.steps == 9)
            let rest = Watcher()
            _ = try Self.run(folder + "/parts", .resume, watcher: rest, checkpointInterval: .seconds(3600))
            #expect(rest.steps == 9)
            #expect(watcher.losses + rest.losses == whole.losses)
            #expect(try Self.bytes(folder + "/parts/last/model.safetensors") == Self.bytes(folder + "/whole/last/model.safetensors"))
            #expect(try Self.bytes(folder + "/parts/model/model.safetensors") == Self.bytes(folder + "/whole/model/model.safetensors"))
        }
    }

    @Test("A run that was interrupted in validation goes on with validation, and trains no step twice")
    func resumeInValidation() throws {
        try Self.withFolder { folder in
            let whole = try Self.run(folder + "/whole", .fresh)
            let watcher = Watcher()
            watcher.stopsInValidation = true
            let error = #expect(throws: TrainingError.self) { try Self.run(folder + "/parts", .fresh, watcher: watcher) }
            #expect(error?.kind == .interrupted)
            #expect(watcher.steps == 6 && !FileManager.default.fileExists(atPath: folder + "/parts/results.csv"))
            let rest = Watcher()
            let summary = try Self.run(folder + "/parts", .resume, watcher: rest)
            #expect(rest.steps == 12)
            #expect(summary.history.map(\.validation) == whole.history.map(\.validation))
            #expect(summary.history.map(\.trainingLoss) == whole.history.map(\.trainingLoss))
            #expect(try Self.bytes(folder + "/parts/model/model.safetensors") == Self.bytes(folder + "/whole/model/model.safetensors"))
        }
    }

    @Test("What a killed process left half written goes when the run goes on; other people's files stay")
    func unfinished() throws {
        try Self.withFolder { folder in
            _ = try Self.run(folder, .fresh, changes: ["epochs": "1"])
            let left = ["/.checkpoint.safetensors.4711.123456.tmp", "/model/.model.safetensors.4711.99.tmp", "/last/.model.json.1.2.tmp"]
            let others = ["/.notes.tmp", "/.a.b.c.tmp", "/model.1.2.tmp"]
            for name in left + others { try "x".write(toFile: folder + name, atomically: false, encoding: .utf8) }
            _ = try Self.run(folder, .resume, changes: ["epochs": "2"])
            for name in left { #expect(!FileManager.default.fileExists(atPath: folder + name), "\(name)") }
            for name in others { #expect(FileManager.default.fileExists(atPath: folder + name), "\(name)") }
        }
    }

    @Test("Resuming a finished run is refused with the option that extends it, and more epochs extend it")
    func finished() throws {
        try Self.withFolder { folder in
            _ = try Self.run(folder, .fresh)
            let error = #expect(throws: TrainingError.self) { try Self.run(folder, .resume) }
            #expect(error?.description.contains("-p epochs=N with N above 3") == true)
            #expect(try Self.run(folder, .resume, changes: ["epochs": "4"]).history.count == 4)
        }
    }

    @Test("Resuming with other settings lists them, old and new")
    func changedSettings() throws {
        try Self.withFolder { folder in
            let watcher = Watcher()
            watcher.stopAfter = 2
            #expect(throws: TrainingError.self) { try Self.run(folder, .fresh, watcher: watcher) }
            let error = #expect(throws: TrainingError.self) { try Self.run(folder, .resume, changes: ["momentum": "0.5"]) }
            #expect(error?.description.contains("- momentum: was 0.9, now 0.5") == true)
        }
    }

    @Test("A folder that holds a run is not overwritten unasked")
    func keeps() throws {
        try Self.withFolder { folder in
            _ = try Self.run(folder, .fresh, changes: ["epochs": "1"])
            let before = try Self.bytes(folder + "/last/model.safetensors")
            #expect(throws: TrainingError.self) { try Self.run(folder, .fresh, changes: ["epochs": "1", "seed": "9"]) }
            #expect(try Self.bytes(folder + "/last/model.safetensors") == before)
            _ = try Self.run(folder, .overwrite, changes: ["epochs": "1", "seed": "9"])
            #expect(try Self.bytes(folder + "/last/model.safetensors") != before)
        }
    }

    @Test("A loss that is no number stops the run with epoch, step, rate and remedy, and writes no model")
    func divergence() throws {
        try Self.withFolder { folder in
            var arrays = try CIFARResNet(depth: 20, classes: 2).weightArrays()
            let last = arrays.removeLast()
            arrays.append(try WeightArray(name: last.name, shape: last.shape, values: [.nan, 0]))
            let error = try #require(
                throws: TrainingError.self
            ) {
                try Self.run(folder, .fresh, start: .incremental(nil, WeightDictionary(arrays), source: "nan.safetensors"))
            }
            #expect(error.kind == .diverged)
            #expect(error.description.contains("The loss is nan in epoch 1, step 1, at learning_rate 0.1. Lower learning_rate"))
            #expect(!FileManager.default.fileExists(atPath: folder + "/model"))
            #expect(!FileManager.default.fileExists(atPath: folder + "/last"))
        }
    }

    @Test("A damaged checkpoint is an error, not a crash")
    func damagedCheckpoint() throws {
        try Self.withFolder { folder in
            let watcher = Watcher()
            watcher.stopAfter = 2
            #expect(throws: TrainingError.self) { try Self.run(folder, .fresh, watcher: watcher) }
            let path = folder + "/checkpoint.safetensors"
            try Data(Self.bytes(path).prefix(1000)).write(to: URL(fileURLWithPath: path))
            let error = #expect(throws: WeightsError.self) { try Self.run(folder, .resume) }
            #expect(error?.description.contains("checkpoint.safetensors") == true)
        }
    }
}
