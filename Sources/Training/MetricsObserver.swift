import Metrics
import Tasks

/// Passes a run's figures on to swift-metrics, whose back end the application chooses.
public final class MetricsObserver: TrainingObserver {
    private let examples = Counter(label: "sightline_training_examples")
    private let loss = Gauge(label: "sightline_training_loss")
    private let speed = Gauge(label: "sightline_training_images_per_second")
    private let memory = Gauge(label: "sightline_resident_memory_bytes")
    private var batchSize = 0

    /// Listens under the names `sightline_…`.
    public init() {}

    /// Passes on what is a figure.
    public func handle(_ event: TrainingEvent) {
        switch event {
        case .started(let start): batchSize = start.stepsPerEpoch > 0 ? start.examples / start.stepsPerEpoch : 0
        case .stepped(let info):
            examples.increment(by: batchSize)
            loss.record(info.loss)
            speed.record(info.imagesPerSecond)
            memory.record(info.residentMemory)
        case .epochEnded(let record):
            for metric in record.validation { Gauge(label: "sightline_validation_\(metric.name)").record(metric.value) }
        default: break
        }
    }
}
