import Metrics
import Tasks

/// Passes a run's figures on to swift-metrics, whose back end the application chooses.
public final class MetricsObserver: TrainingObserver {
    private let examples = Counter(label: "sightline_training_examples")
    private let loss = Gauge(label: "sightline_training_loss")
    private let speed = Gauge(label: "sightline_training_images_per_second")
    private let memory = Gauge(label: "sightline_resident_memory_bytes")

    /// Listens under the names `sightline_…`.
    public init() {}

    /// Passes on what is a figure.
    public func handle(_ event: TrainingEvent) {
        switch event {
        case .stepped(let info):
            examples.increment(by: info.batchSize)
            loss.record(info.loss)
            speed.record(info.imagesPerSecond)
            memory.record(info.residentMemory)
        case .epochEnded(let record):
            for metric in record.validation { Gauge(label: "sightline_validation_\(metric.name)").record(metric.value) }
        default: break
        }
    }
}
