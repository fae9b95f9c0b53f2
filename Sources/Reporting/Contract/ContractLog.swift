import Foundation
import Glibc
import Tasks
import Training

/// A run as the log of the container contract tells it: the lines that metric patterns of existing jobs look for.
///
/// The three algorithms write three forms; each has a file of its own. Values come from the run's events, nothing is measured twice but the
/// time of validation. Source: `spec/container.md` ("Log lines"), and the log sections of the three algorithms' files.
public final class ContractLog: TrainingObserver {
    /// Whose form the lines have.
    public enum Form: Sendable, CaseIterable { case classification, detection, segmentation }

    let form: Form
    /// `current_host`.
    let host: String
    /// Where the platform takes the model from.
    let model: String
    private let output: TextOutput
    private let now: () -> Date
    private let began: Date

    /// Training images and mini-batches of the epoch so far, and of the run.
    private(set) var epochCounts = Counts()
    private(set) var runCounts = Counts()
    /// Images that validation has done, and when training ended before it.
    private(set) var validated = 0
    private var trainingEnded: Date?
    private var epochBegan: Date
    private var trainingBegan: Date?
    private(set) var epochs = 0
    private var epochsDone = 0

    struct Counts {
        var images = 0
        var batches = 0
    }

    /// - Parameters:
    ///   - output: where lines go; the platform reads standard output.
    ///   - form: the algorithm.
    ///   - host: `current_host`.
    ///   - model: the folder of the artifact.
    ///   - now: the time of day.
    public init(_ output: TextOutput, form: Form, host: String, model: String, now: @escaping () -> Date = { Date() }) {
        self.output = output
        self.form = form
        self.host = host
        self.model = model
        self.now = now
        began = now()
        epochBegan = began
    }

    /// Writes a line as the algorithms do, with time and thread: `[06/03/2021 14:05:09 INFO 140234] text`.
    public func info(_ text: String) { write("INFO", text) }

    /// Writes a line that somebody should look at.
    public func warning(_ text: String) { write("WARNING", text) }

    /// Writes a line on an error.
    public func error(_ text: String) { write("ERROR", text) }

    private func write(_ level: String, _ text: String) {
        output.write("[\(Self.time(now())) \(level) \(pthread_self())] \(text)\n")
    }

    /// UTC, as `06/03/2021 14:05:09`.
    private static func time(_ date: Date) -> String {
        var seconds = time_t(date.timeIntervalSince1970)
        var parts = tm()
        gmtime_r(&seconds, &parts)
        return String(
            format: "%02d/%02d/%04d %02d:%02d:%02d", parts.tm_mon + 1, parts.tm_mday, parts.tm_year + 1900, parts.tm_hour, parts.tm_min,
            parts.tm_sec)
    }

    /// Tells an event.
    public func handle(_ event: TrainingEvent) {
        switch event {
        case .started(let start): started(start)
        case .stepped(let info): stepped(info)
        case .validating(let done, _): validated = done
        case .epochEnded(let record): ended(record)
        case .savedBest(_, let objective, _): saved(objective)
        case .noted(let sentence): warning(sentence)
        case .skipped(let count, let reasons):
            warning("\(count) images could not be read and were left out; the last: \(reasons.last ?? "")")
        case .stoppedEarly(let epoch): info("Early stopping: the objective no longer improves. Epochs trained: \(epoch) of \(epochs).")
        case .interrupted: info("Asked to stop: training ends here.")
        case .finished(let summary): finished(summary)
        }
    }

    // MARK: Begin and end

    private func started(_ start: RunStart) {
        epochs = start.epochs
        epochsDone = (start.resumedAt?.epoch ?? 1) - 1
        trainingBegan = now()
        epochBegan = now()
        info("Network: \(start.network), \(start.parameterCount) parameters, \(start.precision) on \(start.device).")
        info("Training images: \(start.examples.map(String.init) ?? "a stream"); epochs: \(start.epochs).")
        if let place = start.resumedAt {
            info("Checkpoint found: training goes on in epoch \(place.epoch - 1) after \(place.step) batches.")
        }
    }

    private func finished(_ summary: RunSummary) {
        if form != .classification { info("Test data is not provided.") }
        let best = summary.best.map { best in
            let validated = summary.history.contains { !$0.validation.isEmpty }
            return validated
                ? " Best epoch: \(best.epoch - 1), validation \(best.objective.name) \(Figures.decimal(best.objective.value, 6))."
                : " There was no validation data; the model is that of the last epoch."
        }
        info("Training finished: \(summary.history.count) epochs.\(best ?? "") Model: \(model)")
        let setup = (trainingBegan ?? began).timeIntervalSince(began)
        metrics(
            from: began, dimensions: [:],
            [
                ("epochs", Double(epochs)), ("setuptime", setup * 1000), ("totaltime", now().timeIntervalSince(began) * 1000),
            ])
    }

    // MARK: Epochs

    private func stepped(_ step: StepInfo) {
        if step.step == 1 || epochCounts.batches >= step.step { epochCounts = Counts() }
        epochCounts.batches = step.step
        epochCounts.images += step.batchSize
        runCounts.batches += 1
        runCounts.images += step.batchSize
        trainingEnded = now()
        switch form {
        case .classification: classification(step)
        case .detection: detection(step, seconds: now().timeIntervalSince(epochBegan))
        case .segmentation: segmentation(step)
        }
    }

    private func ended(_ record: EpochRecord) {
        let seconds = trainingEnded.map { now().timeIntervalSince($0) } ?? 0
        let speed = validated > 0 && seconds > 0 ? Double(validated) / seconds : nil
        switch form {
        case .classification: classification(record)
        case .detection: detection(record)
        case .segmentation: segmentation(record, validationSpeed: speed)
        }
        if form != .classification { epochMetrics(record) }
        epochsDone = record.epoch
        epochCounts = Counts()
        validated = 0
        epochBegan = now()
    }

    private func saved(_ objective: MetricValue) {
        let file = model + "/model.safetensors"
        switch form {
        case .classification:
            if objective.name == "accuracy" {
                info("Storing the best model with validation accuracy: \(Figures.decimal(objective.value, 6))")
            }
            info("Saved checkpoint to \"\(file)\"")
        case .detection:
            if objective.name == "mAP" { info("Updating the best model with validation-mAP=\(objective.value)") }
            info("Saved checkpoint to \"\(file)\"")
        case .segmentation: info("Serializing model to \(file)")
        }
    }

    /// The share of epochs that is done, in percent.
    func percentDone(_ record: EpochRecord) -> Double { epochs > 0 ? 100 * Double(record.epoch) / Double(epochs) : 100 }

    // MARK: #metrics

    private var algorithm: String {
        switch form {
        case .classification: "AWS/Image Classification"
        case .detection: "AWS/Object Detection"
        case .segmentation: "AWS/Semantic Segmentation"
        }
    }

    private func epochMetrics(_ record: EpochRecord) {
        metrics(
            from: epochBegan, dimensions: ["epoch": .integer(record.epoch - 1), "Meta": .string("training_data_iter")],
            [
                ("Total Records Seen", Double(runCounts.images)), ("Total Batches Seen", Double(runCounts.batches)),
                ("Number of Records Since Last Reset", Double(epochCounts.images)),
                ("Number of Batches Since Last Reset", Double(epochCounts.batches)),
            ])
    }

    /// One line of JSON behind `#metrics`, without time and thread, as the platform's own parsers expect it.
    private func metrics(from start: Date, dimensions more: KeyValuePairs<String, JSONValue>, _ values: [(name: String, value: Double)]) {
        var dimensions: [(name: String, value: JSONValue)] = [
            ("Algorithm", .string(algorithm)), ("Host", .string(host)), ("Operation", .string("training")),
        ]
        dimensions += more.map { (name: $0.key, value: $0.value) }
        let figures = values.map { name, value in
            (
                name: name,
                value: JSONValue.members(["sum": .number(value), "count": .integer(1), "min": .number(value), "max": .number(value)])
            )
        }
        let line = JSONValue.members([
            "StartTime": .number(start.timeIntervalSince1970), "EndTime": .number(now().timeIntervalSince1970),
            "Dimensions": .object(of: dimensions), "Metrics": .object(of: figures),
        ]).line
        output.write("#metrics \(line)\n")
    }
}
