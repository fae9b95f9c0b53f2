import Tasks
import Training

/// A run for programs: one JSON object a line and event. Keys are never renamed; new ones may join.
public final class JSONProgress: TrainingObserver {
    private let output: TextOutput
    private let context: RunContext

    /// Writes to `output`.
    public init(_ output: TextOutput, context: RunContext) {
        self.output = output
        self.context = context
    }

    /// Shows an event.
    public func handle(_ event: TrainingEvent) {
        guard let value = json(event) else { return }
        output.write(value.line + "\n")
    }

    private func json(_ event: TrainingEvent) -> JSONValue? {
        switch event {
        case .started(let start):
            .members([
                "event": .string("started"), "network": .string(start.network), "parameters": .integer(start.parameterCount),
                "device": .string(start.device), "precision": .string(start.precision),
                "processes": .integer(start.world.processes), "hosts": .integer(start.world.hosts), "epochs": .integer(start.epochs),
                "steps_per_epoch": start.stepsPerEpoch.map { .integer($0) }, "images": start.examples.map { .integer($0) },
                "validation_images": context.validationImages.map { .integer($0) }, "classes": .array(context.classes.map { .string($0) }),
                "resumed_epoch": start.resumedAt.map { .integer($0.epoch) }, "resumed_step": start.resumedAt.map { .integer($0.step) },
            ])
        case .epochEnded(let record):
            .members([
                "event": .string("epoch"), "epoch": .integer(record.epoch),
                "train": Self.metrics([MetricValue("loss", record.trainingLoss)] + record.training),
                "validation": record.validation.isEmpty ? nil : Self.metrics(record.validation),
                "learning_rate": .number(record.learningRate), "seconds": .number(record.seconds),
                "images_per_second": .number(record.imagesPerSecond), "data_wait": .number(record.waitShare),
                "peak_memory_bytes": .integer(record.peakMemory), "best": .bool(record.isBest),
            ])
        case .savedBest(let epoch, let objective, let path):
            .members([
                "event": .string("best"), "epoch": .integer(epoch), "metric": .string(objective.name), "value": .number(objective.value),
                "model": .string(path),
            ])
        case .skipped(let count, let reasons):
            .members([
                "event": .string("skipped"), "count": .integer(count), "reasons": .array(reasons.map { .string($0) }),
            ])
        case .noted(let sentence): .members(["event": .string("note"), "text": .string(sentence)])
        case .interrupted(let checkpoint): .members(["event": .string("interrupted"), "checkpoint": .string(checkpoint)])
        case .finished(let summary):
            .members([
                "event": .string("finished"), "epochs": .integer(summary.history.count), "stopped_early": .bool(summary.stoppedEarly),
                "best_epoch": summary.best.map { .integer($0.epoch) }, "metric": summary.best.map { .string($0.objective.name) },
                "value": summary.best.map { .number($0.objective.value) }, "model": .string(summary.model),
            ])
        case .stepped, .validating, .stoppedEarly: nil
        }
    }

    private static func metrics(_ values: [MetricValue]) -> JSONValue {
        .object(of: values.map { (name: $0.name, value: .number($0.value)) })
    }
}
