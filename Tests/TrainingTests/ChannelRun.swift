import Datasets
import Foundation
import Imaging
import Storage
import Tasks
import Torch
import Weights

@testable import Training

/// One small data set in every form that training reads.
struct Forms {
    let folder = NSTemporaryDirectory() + "forms-\(UUID().uuidString)"

    /// `padding`: bytes behind each picture, which no reader of pictures minds.
    ///
    /// `pictures`: class folders; `list`: pictures and a `.lst`; `record`: RecordIO; `manifest`: an augmented manifest;
    /// `parts`: three RecordIO files of 16 pictures.
    init(padding: Int = 0) throws {
        let samples = try (0..<48).map { number in
            // Stripes that differ in every picture; the class is their direction.
            let pixels = (0..<16 * 16).flatMap { place -> [UInt8] in
                let stripe = number % 2 == 0 ? place / 16 : place % 16
                return [UInt8(stripe * 13 + number), UInt8(number * 5), stripe % 3 == number % 3 ? 200 : 20]
            }
            return AnnotatedImage(
                name: "\(["across", "down"][number / 24])/p\(String(number + 100))",
                payload: .encoded(
                    try Image(width: 16, height: 16, channels: 3, pixels: pixels).encodedPNG() + (0..<padding).map { UInt8($0 % 251) }),
                annotation: .label(.single(number / 24)), place: "made")
        }
        let names = ["across", "down"]
        let writers: [any AnnotatedImageWriter] = [
            try ClassFolderWriter(LocalStore(folder + "/pictures"), classNames: names),
            try ImageListWriter(LocalStore(folder + "/list"), name: "train", classNames: names),
            try RecordIOImageWriter(LocalStore(folder + "/record"), name: "train"),
            try ManifestWriter("train.manifest", in: LocalStore(folder + "/manifest"), task: .classification, classNames: names),
        ]
        for writer in writers {
            for sample in samples { try writer.write(sample) }
            try writer.finish()
        }
        for part in 0..<3 {
            let writer = try RecordIOImageWriter(LocalStore(folder + "/parts"), name: "part-\(part)", classNames: names)
            for sample in samples[part * 16..<part * 16 + 16] { try writer.write(sample) }
            try writer.finish()
        }
    }

    /// The bytes of every picture.
    func pictures() throws -> Set<[UInt8]> {
        let store = LocalStore(folder + "/pictures")
        return try Set(store.list().map(\.name).filter { $0.hasSuffix(".png") }.map(store.bytes(of:)))
    }

    /// Copies everything into a bucket.
    func upload(to store: some ObjectStore) throws {
        let local = LocalStore(folder)
        for object in try local.list() {
            let sink = try store.create(object.name)
            try sink.write(local.bytes(of: object.name))
            try sink.commit()
        }
    }

    func remove() { try? FileManager.default.removeItem(atPath: folder) }
}

/// What a run over a channel was.
struct ChannelRun: Equatable {
    /// The mean loss of the epoch after each step.
    var losses: [Double] = []
    /// Images that each of the three epochs has trained on.
    var images = [0, 0, 0]

    private final class Watcher: TrainingObserver {
        var run = ChannelRun()
        func handle(_ event: TrainingEvent) {
            guard case .stepped(let info) = event else { return }
            run.losses.append(info.loss)
            run.images[info.epoch - 1] += info.batchSize
        }
    }

    /// Trains on a channel for three epochs. `batchSize`: `mini_batch_size`.
    static func train(batchSize: Int = 10, _ change: (inout ClassificationChannel) -> Void) throws -> ChannelRun {
        var channel = ClassificationChannel("")
        channel.classNames = ["across", "down"]
        change(&channel)
        let output = NSTemporaryDirectory() + "run-\(UUID().uuidString)"
        defer { try? FileManager.default.removeItem(atPath: output) }
        let values = [
            "num_layers": "20", "image_shape": "3,16,16", "epochs": "3", "mini_batch_size": "\(batchSize)",
            "augmentation_type": "crop_color",
            "seed": "3",
            "resize": "16",
        ]
        let settings = try ClassificationHyperparameters(values)
        let task = try ClassificationTask(hyperparameters: settings, training: channel.open(), validation: nil, device: .cpu, workers: 2)
        let rule = settings.updateRule
        let watcher = Watcher()
        let trainer = try Trainer(
            task: task,
            settings: TrainingSettings(
                epochs: 3, rule: rule.rule, weightDecay: rule.weightDecay, learningRate: 0.05, schedule: .step(factor: 0.1, updates: [100]),
                fingerprint: settings.resolved, workers: 2),
            folder: RunFolder(output), observers: [watcher])
        _ = try trainer.run(.fresh)
        return watcher.run
    }
}
