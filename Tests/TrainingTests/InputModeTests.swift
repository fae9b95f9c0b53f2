import Datasets
import Foundation
import Imaging
import Storage
import Tasks
import Testing
import Torch
import Weights

@testable import Training

/// One small data set in every form that training reads.
private struct Forms {
    let folder = NSTemporaryDirectory() + "forms-\(UUID().uuidString)"

    /// `pictures`: class folders; `list`: pictures and a `.lst`; `record`: RecordIO; `manifest`: an augmented manifest.
    init() throws {
        let samples = try (0..<48).map { number in
            // Stripes that differ in every picture; the class is their direction.
            let pixels = (0..<16 * 16).flatMap { place -> [UInt8] in
                let stripe = number % 2 == 0 ? place / 16 : place % 16
                return [UInt8(stripe * 13 + number), UInt8(number * 5), stripe % 3 == number % 3 ? 200 : 20]
            }
            return AnnotatedImage(
                name: "\(["across", "down"][number / 24])/p\(String(number + 100))",
                payload: .encoded(try Image(width: 16, height: 16, channels: 3, pixels: pixels).encodedPNG()),
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
    }

    func remove() { try? FileManager.default.removeItem(atPath: folder) }
}

@Suite("The same run over every form of the same data", .serialized)
struct InputModeTests {
    private final class Losses: TrainingObserver {
        var values: [Double] = []
        func handle(_ event: TrainingEvent) { if case .stepped(let info) = event { values.append(info.loss) } }
    }

    private func losses(_ change: (inout ClassificationChannel) -> Void) throws -> [Double] {
        var channel = ClassificationChannel("")
        channel.classNames = ["across", "down"]
        change(&channel)
        let output = NSTemporaryDirectory() + "run-\(UUID().uuidString)"
        defer { try? FileManager.default.removeItem(atPath: output) }
        let values = [
            "num_layers": "20", "image_shape": "3,16,16", "epochs": "3", "mini_batch_size": "10", "augmentation_type": "crop_color",
            "seed": "3",
            "resize": "16",
        ]
        let settings = try ClassificationHyperparameters(values)
        let task = try ClassificationTask(hyperparameters: settings, training: channel.open(), validation: nil, device: .cpu, workers: 2)
        let rule = settings.updateRule
        let losses = Losses()
        let trainer = try Trainer(
            task: task,
            settings: TrainingSettings(
                epochs: 3, rule: rule.rule, weightDecay: rule.weightDecay, learningRate: 0.05, schedule: .step(factor: 0.1, updates: [100]),
                fingerprint: settings.resolved, workers: 2),
            folder: RunFolder(output), observers: [losses])
        _ = try trainer.run(.fresh)
        return losses.values
    }

    @Test("Folders, a list, RecordIO, a manifest, streams of the last two, and their pipes: identical losses")
    func local() throws {
        let forms = try Forms()
        defer { forms.remove() }
        let truth = try losses { $0.location = forms.folder + "/pictures" }
        #expect(truth.count == 12 && Set(truth).count == 12)
        #expect(try losses { $0.location = forms.folder + "/list" } == truth)
        #expect(try losses { $0.location = forms.folder + "/record" } == truth)
        #expect(try losses { $0.location = forms.folder + "/manifest/train.manifest" } == truth)
        for form in ["record", "manifest"] {
            #expect(
                try losses {
                    $0.location = "\(forms.folder)/\(form)"
                    $0.mode = .pipe
                } == truth, "\(form) as a stream")
            let source = try SequentialChannel(.file("\(forms.folder)/\(form)"), stores: Stores())
            let feeder = PipeFeeder(folder: forms.folder, channel: "pipe-\(form)", patience: PipePatience(seconds: 20))
            Thread.detachNewThread {
                for number in 0..<3 { _ = try? feeder.feed(number: number) { try source.write(to: $0) } }
            }
            #expect(
                try losses {
                    $0.location = "\(forms.folder)/pipe-\(form)"
                    $0.mode = .pipe
                    if form == "manifest" { $0.attributeNames = ["source-ref", "class"] }
                } == truth, "\(form) through a pipe")
        }
    }

    @Test(
        "A manifest, RecordIO and folders in a bucket, in every input mode, with faults on the way: identical losses",
        .enabled(if: S3Server.isInstalled, "Tests/Servers/setup.sh installs the server"))
    func bucket() throws {
        let forms = try Forms()
        defer { forms.remove() }
        let truth = try losses { $0.location = forms.folder + "/pictures" }
        let server = try S3Server()
        let store = try server.store()
        let local = LocalStore(forms.folder)
        for object in try local.list() {
            let sink = try store.create(object.name)
            try sink.write(local.bytes(of: object.name))
            try sink.commit()
        }
        try server.plan(#"{"slow_down": 7, "error": 11, "reset": 13, "cut": 5}"#)
        let stores = Stores(environment: server.environment, retries: RetryPolicy(patience: 30, base: 0.01, cap: 0.1))
        let cases: [(String, InputMode)] = [
            ("manifest/train.manifest", .fastFile), ("manifest/train.manifest", .pipe), ("record/train.rec", .pipe),
            ("record", .fastFile), ("pictures", .fastFile), ("list", .fastFile),
        ]
        for (path, mode) in cases {
            let found = try losses {
                $0.stores = stores
                $0.location = "s3://bucket/" + path
                $0.mode = mode
            }
            #expect(found == truth, "\(path) as \(mode)")
        }
        for fault in ["slow_down", "error", "reset", "cut"] { #expect(try server.happened(fault) > 0) }
    }
}
