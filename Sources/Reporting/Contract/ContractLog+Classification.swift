import Tasks
import Training

/// Classification's lines are those of MXNet's example trainer (`spec/image-classification.md`, "Log lines and metrics").
extension ContractLog {
    /// Every 20 mini-batches, means and speed since the epoch began.
    func classification(_ step: StepInfo) {
        guard step.step.isMultiple(of: 20) else { return }
        let speed = Figures.decimal(step.imagesPerSecond, 2)
        info("Epoch[\(step.epoch - 1)] Batch [\(step.step)]\tSpeed: \(speed) samples/sec\t" + figures(step.metrics, separator: "\t"))
    }

    func classification(_ record: EpochRecord) {
        let epoch = "Epoch[\(record.epoch - 1)]"
        for metric in record.training { info("\(epoch) Train-\(figures([metric]))") }
        info("\(epoch) Time cost=\(Figures.decimal(record.seconds, 3))")
        for metric in record.validation where metric.name != "loss" { info("\(epoch) Validation-\(figures([metric]))") }
    }

    private func figures(_ metrics: [MetricValue], separator: String = "") -> String {
        metrics.map { "\($0.name)=\(Figures.decimal($0.value, 6))" }.joined(separator: separator)
    }
}
