import Tasks
import Training

/// Segmentation's lines: a period behind the tag, colons, a blank before the closing period (`spec/semantic-segmentation.md`, "Logs and
/// metrics").
extension ContractLog {
    /// Every 20 mini-batches.
    func segmentation(_ step: StepInfo) {
        guard step.step.isMultiple(of: 20) else { return }
        info(
            "#progress_notice. epoch: \(step.epoch - 1), iterations: \(step.step) speed: \(step.imagesPerSecond) samples/sec "
                + "learning_rate: \(Figures.decimal(step.learningRate, 6))")
    }

    /// `validationSpeed`: images a second; nil: there was no validation.
    func segmentation(_ record: EpochRecord, validationSpeed: Double?) {
        let place = "host: \(host), epoch: \(record.epoch - 1),"
        info("#quality_metric. \(place) train loss: \(record.trainingLoss) .")
        info("#throughput_metric. \(place) train throughput: \(record.imagesPerSecond) samples/sec.")
        // The order of the original: pixel accuracy first.
        for name in ["pixel_accuracy", "mIOU"] {
            for metric in record.validation where metric.name == name {
                info("#quality_metric. \(place) validation \(name): \(metric.value) .")
            }
        }
        if let validationSpeed { info("#throughput_metric. \(place) validation throughput: \(validationSpeed) samples/sec.") }
        info("#progress_metric: host=\(host), completed \(Int(percentDone(record))) % of epochs")
    }
}
