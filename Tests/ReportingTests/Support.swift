import Reporting
import Tasks

@testable import Training

/// Keeps what was written.
final class Recorder {
    private(set) var text = ""

    func output(terminal: Bool = false, colour: Bool = false, width: Int = 200) -> TextOutput {
        TextOutput(isTerminal: terminal, usesColour: colour, width: { width }, write: { self.text += $0 })
    }
}

/// A clock that goes when it is told to.
final class HandClock {
    var seconds = 100.0
}

/// A run of two epochs on three classes.
enum SampleRun {
    static let context = RunContext(
        task: "image classification", classes: ["cat", "dog", "eel"], training: ("photos/train", 2496),
        validation: ("photos/validation", 300),
        imageShape: (3, 32, 32), start: "random weights",
        hyperparameters: ["epochs": "2", "learning_rate": "0.1", "num_classes": "3", "num_layers": "20"],
        defaults: ["epochs": "30", "learning_rate": "0.1", "num_layers": "152"])

    static func start(world: WorldSize = WorldSize(), resumedAt: (epoch: Int, step: Int)? = nil) -> RunStart {
        RunStart(
            network: "cifar-resnet-20", parameterCount: 269_274, device: "cpu", precision: "bfloat16", epochs: 2, stepsPerEpoch: 78,
            examples: 2496, world: world, resumedAt: resumedAt)
    }

    static func step(_ step: Int, epoch: Int = 1) -> StepInfo {
        StepInfo(
            epoch: epoch, epochs: 2, step: step, batchSize: 128, steps: 78, loss: 1.2041, metrics: [.init("accuracy", 0.5613)],
            learningRate: 0.1,
            imagesPerSecond: 1290.4, waitShare: 0.012, secondsLeft: 161, residentMemory: 812_300_000)
    }

    static func record(_ epoch: Int, isBest: Bool = true) -> EpochRecord {
        EpochRecord(
            epoch: epoch, trainingLoss: 1.5 / Double(epoch), training: [.init("accuracy", 0.5)],
            validation: [.init("accuracy", 0.25 * Double(epoch)), .init("loss", 1.25)], learningRate: 0.1, seconds: 61,
            imagesPerSecond: 1290.4, waitShare: 0.0125, peakMemory: 812_300_000, isBest: isBest)
    }

    static let summary = RunSummary(
        history: [record(1), record(2)], best: (2, .init("accuracy", 0.5)), model: "out/model", stoppedEarly: false)

    /// Of cats 3 found and 1 taken for a dog; of dogs 2 found; the only eel taken for a cat.
    static let evaluation = EvaluationReport(
        classes: ["cat", "dog", "eel"], accuracy: 5.0 / 7, topK: (2, 1), loss: 0.75, images: 7, seconds: 0.5,
        perClass: [
            .init(name: "cat", precision: 0.75, recall: 0.75, images: 4), .init(name: "dog", precision: 2.0 / 3, recall: 1, images: 2),
            .init(name: "eel", precision: 0, recall: 0, images: 1),
        ], confusion: [[3, 1, 0], [0, 2, 0], [1, 0, 0]])
}
