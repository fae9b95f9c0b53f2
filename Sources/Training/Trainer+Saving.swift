import Foundation
import Networks
import Tasks
import Torch
import Weights

/// What a run leaves on the disk, and when.
extension Trainer {
    /// Whether the state has not been saved for as long as it may go unsaved.
    var isSaveDue: Bool { settings.checkpointInterval.map { lastSave.duration(to: .now) >= $0 } ?? false }

    /// Saves what an interruption here would save, and leaves everything as it is: when a run saves must not change what it learns.
    func saveInPassing() throws {
        let own = try ownStatistics.map { (tensor: $0, value: try $0.clone()) }
        try averageStatistics()
        try save()
        try withoutGradient { for (tensor, value) in own { try tensor.copy(from: value) } }
    }

    func interrupt() throws -> Never {
        Interruption.agree()
        try averageStatistics()
        try save()
        if writes, settings.keepsModelWhenInterrupted, !FileManager.default.fileExists(atPath: folder.model) {
            try ModelFolder.write(task.describe(metrics: [:]), weights: task.network.weightArrays(), to: folder.model)
        }
        // A launcher would not give the first one the time to save when it sees the others go.
        _ = try? ranks?.any([true])
        tell(.interrupted(checkpoint: folder.checkpoint))
        throw TrainingError(
            .interrupted,
            "Interrupted in epoch \(progress.epoch + 1) after \(progress.step) steps; the state is saved. Add --resume to the same command to go on."
        )
    }

    func save() throws {
        defer { (lastSave, saved) = (.now, (progress.epoch, progress.step)) }
        guard writes else { return }
        try Checkpoint.write(progress, network: task.network, optimizer: optimizer, scaler: scalerState, to: folder.checkpoint)
    }

    func write(_ record: EpochRecord) throws {
        var metrics = ["train:loss": record.trainingLoss]
        for metric in record.training { metrics["train:\(metric.name)"] = metric.value }
        for metric in record.validation { metrics["validation:\(metric.name)"] = metric.value }
        guard writes else { return }
        let description = task.describe(metrics: metrics)
        let weights = try task.network.weightArrays()
        if record.isBest { try ModelFolder.write(description, weights: weights, to: folder.model) }
        try ModelFolder.write(description, weights: weights, to: folder.last)
        if let frequency = settings.checkpointFrequency, record.epoch % frequency == 0 {
            try ModelFolder.write(description, weights: weights, to: folder.epoch(record.epoch))
        }
        try folder.write(results: progress.history)
        try save()
    }

    /// Without shared statistics each process has seen other mini-batches' means and variances: the model gets their mean, which is what
    /// running averages of the whole mini-batch's would have come to, but for the variance between the parts.
    func averageStatistics() throws {
        try ranks?.average(ownStatistics)
    }

    /// Running statistics that are this process's own.
    var ownStatistics: [Tensor] {
        guard ranks != nil, !settings.sharesNormStatistics else { return [] }
        return task.network.namedTensors.filter { $0.role == .statistic }.map(\.tensor)
    }
}
