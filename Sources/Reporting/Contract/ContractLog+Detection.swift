import Foundation
import Tasks
import Training

/// Detection's lines: a colon behind the tag, equals signs, values in parentheses (`spec/object-detection.md`, "Logs and metrics").
extension ContractLog {
    /// Every 100 mini-batches. `seconds`: since the epoch began.
    func detection(_ step: StepInfo, seconds: Double) {
        guard step.step.isMultiple(of: 100) else { return }
        let whole = Int(seconds)
        let rest = Int((seconds - Double(whole)) * 1_000_000)
        let time = String(format: "%2d:%02d:%02d.%06d", whole / 3600, whole / 60 % 60, whole % 60, rest)
        info(
            String(format: "Epoch: %4d, batches: %6d, num_examples: %6d, ", step.epoch - 1, step.step, epochCounts.images)
                + "\(Figures.decimal(step.imagesPerSecond, 1)) samples/sec, epoch time so far: \(time)")
    }

    func detection(_ record: EpochRecord) {
        let place = "#quality_metric: host=\(host), epoch=\(record.epoch - 1),"
        for metric in record.training {
            info("\(place) batch=\(epochCounts.batches) train \(metric.name) <loss>=(\(metric.value))")
        }
        info("#throughput_metric: host=\(host), train throughput=\(record.imagesPerSecond) records/second")
        for metric in record.validation where metric.name == "mAP" { info("\(place) validation mAP <score>=(\(metric.value))") }
        info("#progress_metric: host=\(host), completed \(Figures.decimal(percentDone(record), 1)) % of epochs")
    }
}
