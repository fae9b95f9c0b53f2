import Datasets
import Foundation
import Networks
import Tasks
import Torch
import Weights

/// The training loop, the same for every task.
public final class Trainer<Job: TrainingTask> {
    private let task: Job
    private let settings: TrainingSettings
    private let folder: RunFolder
    private let observers: [any TrainingObserver]
    private let optimizer: Optimizer
    private let dropouts: [Dropout]
    private var progress = RunProgress()
    /// Steps whose sums were not read yet: reading waits for the device.
    private var pending: [StepOutput] = []
    private var stepsOfLastEpoch: Int?
    private var lastBatchSize = 0

    /// Prepares a run.
    public init(task: Job, settings: TrainingSettings, folder: RunFolder, observers: [any TrainingObserver]) throws {
        self.task = task
        self.settings = settings
        self.folder = folder
        self.observers = observers
        optimizer = try Optimizer(rule: settings.rule, weightDecay: settings.weightDecay, parameters: task.network.learningParameters)
        dropouts = task.network.dropouts
    }

    /// Trains to the end, or to an interruption.
    /// - Throws: ``TrainingError`` where the run folder refuses, the loss diverges or somebody interrupts; whatever the task throws.
    public func run(_ policy: ResumePolicy) throws -> RunSummary {
        let checkpoint = try folder.prepare(policy, settings: settings)
        try folder.create()
        if let checkpoint {
            progress = checkpoint.progress
            try checkpoint.restore(network: task.network, optimizer: optimizer)
            // A model that is gone, as where a copy of the folder was broken off, is no best one: the next epoch's replaces it.
            if !FileManager.default.fileExists(atPath: folder.model) { (progress.best, progress.bestEpoch) = (nil, nil) }
        }
        progress.fingerprint = settings.fingerprint
        progress.finished = false
        try folder.write(hyperparameters: settings.fingerprint)
        announceStart(resumed: checkpoint != nil)

        let loader = try task.load(
            epochs: progress.epoch..<settings.epochs, firstBatch: progress.step, workers: settings.workers,
            unreadable: settings.unreadableLimit > 0 ? .skip(limit: settings.unreadableLimit) : .fail)
        defer { loader.cancel() }
        task.network.train()
        while progress.epoch < settings.epochs, !progress.stoppedEarly {
            try trainEpoch(loader)
            try closeEpoch(loader)
        }
        progress.finished = true
        try save()
        let summary = RunSummary(
            history: progress.history, best: progress.best.flatMap { best in progress.bestEpoch.map { ($0, best) } }, model: folder.model,
            stoppedEarly: progress.stoppedEarly)
        tell(.finished(summary))
        return summary
    }

    private func tell(_ event: TrainingEvent) { for observer in observers { observer.handle(event) } }

    private func announceStart(resumed: Bool) {
        let description = task.describe(metrics: [:])
        tell(
            .started(
                RunStart(
                    network: description.network, parameterCount: task.network.parameterCount, device: task.device.description,
                    precision: "\(task.precision ?? .float32)", epochs: settings.epochs, stepsPerEpoch: task.stepsPerEpoch,
                    examples: task.exampleCount, resumedAt: resumed ? (progress.epoch + 1, progress.step) : nil)))
    }

    // MARK: One epoch

    private func trainEpoch(_ loader: BatchLoader<Job.Builder>) throws {
        ProcessMemory.resetPeak()
        // A stream of unknown length is as long as it was in the epoch before.
        let steps = task.stepsPerEpoch ?? stepsOfLastEpoch
        let before = (seconds: progress.running.seconds, waited: progress.running.waited - loader.waitedSeconds)
        let clock = ContinuousClock.now
        while let loaded = try loader.next() {
            let rate = settings.schedule.rate(base: settings.learningRate, update: progress.updates)
            try step(loaded.batch, rate: rate)
            progress.running.seconds = before.seconds + clock.duration(to: .now).seconds
            progress.running.waited = before.waited + loader.waitedSeconds
            try readPending(unlessFewerThan: task.device == .cpu ? 1 : 20)
            tell(.stepped(info(steps: steps, rate: rate)))
            if Interruption.isRequested {
                try readPending()
                try interrupt()
            }
        }
        try readPending()
        stepsOfLastEpoch = progress.step
        progress.running.seconds = before.seconds + clock.duration(to: .now).seconds
    }

    /// One update. Nothing here waits for the device.
    private func step(_ batch: Job.Builder.Batch, rate: Double) throws {
        // What is dropped depends on nothing else, so a resumed run drops what it would have dropped.
        for layer in dropouts { layer.update = progress.updates }
        let output = try withAutocast(to: task.precision, on: task.device) { try task.step(batch) }
        try output.loss.backward()
        try optimizer.step(learningRate: rate)
        optimizer.clearGradients()
        pending.append(
            StepOutput(loss: try output.loss.detached(), sums: output.sums, weight: output.weight, examples: output.examples))
        lastBatchSize = output.examples
        progress.step += 1
        progress.updates += 1
        progress.optimizerSteps = optimizer.stepCount
        progress.lastLearningRate = rate
    }

    /// Adds the sums of finished steps to the epoch's.
    private func readPending(unlessFewerThan count: Int = 0) throws {
        guard pending.count >= count else { return }
        for output in pending {
            let loss = try output.loss.item()
            guard loss.isFinite else { throw diverged(loss) }
            progress.running.loss += loss * Double(output.examples)
            progress.running.examples += output.examples
            progress.running.weight += output.weight
            let old = progress.running.sums
            progress.running.sums = try output.sums.enumerated().map { index, sum in
                MetricValue(sum.name, (old.indices.contains(index) ? old[index].value : 0) + (try sum.sum.item()))
            }
        }
        pending = []
    }

    private func diverged(_ loss: Double) -> TrainingError {
        let kept =
            FileManager.default.fileExists(atPath: folder.checkpoint)
            ? " The state after epoch \(progress.epoch) is kept in \(folder.path)." : ""
        return TrainingError(
            .diverged,
            "The loss is \(loss) in epoch \(progress.epoch + 1), step \(progress.step), at learning_rate \(progress.lastLearningRate ?? settings.learningRate)."
                + " Lower learning_rate (a tenth is a good try), or set precision_dtype to float32.\(kept)")
    }

    private func info(steps: Int?, rate: Double) -> StepInfo {
        let running = progress.running
        let speed = running.seconds > 0 ? Double(running.examples) / running.seconds : 0
        let left = steps.map { max(0, (settings.epochs - progress.epoch) * $0 - progress.step) }
        return StepInfo(
            epoch: progress.epoch + 1, epochs: settings.epochs, step: progress.step, batchSize: lastBatchSize, steps: steps,
            loss: running.meanLoss,
            metrics: running.means, learningRate: rate, imagesPerSecond: speed,
            waitShare: running.seconds > 0 ? min(1, running.waited / running.seconds) : 0,
            secondsLeft: left.map { progress.step > 0 ? running.seconds / Double(progress.step) * Double($0) : 0 },
            residentMemory: ProcessMemory.resident)
    }

    private func interrupt() throws -> Never {
        try save()
        if settings.keepsModelWhenInterrupted, !FileManager.default.fileExists(atPath: folder.model) {
            try ModelFolder.write(task.describe(metrics: [:]), weights: task.network.weightArrays(), to: folder.model)
        }
        tell(.interrupted(checkpoint: folder.checkpoint))
        throw TrainingError(
            .interrupted,
            "Interrupted in epoch \(progress.epoch + 1) after \(progress.step) steps; the state is saved. Add --resume to the same command to go on."
        )
    }

    // MARK: Between epochs

    private func closeEpoch(_ loader: BatchLoader<Job.Builder>) throws {
        let validation = try validate()
        let running = progress.running
        let objective = validation.first { $0.name == task.objective }
        // Without validation data every epoch replaces the one before it.
        let isBest = objective.map { $0.value > (progress.best?.value ?? -.infinity) } ?? true
        let record = EpochRecord(
            epoch: progress.epoch + 1, trainingLoss: running.meanLoss, training: running.means, validation: validation,
            learningRate: progress.lastLearningRate ?? settings.learningRate, seconds: running.seconds,
            imagesPerSecond: running.seconds > 0 ? Double(running.examples) / running.seconds : 0,
            waitShare: running.seconds > 0 ? min(1, running.waited / running.seconds) : 0, peakMemory: ProcessMemory.peak, isBest: isBest)
        progress.epoch += 1
        progress.step = 0
        progress.running = RunningSums()
        progress.history.append(record)
        if isBest {
            progress.best = objective ?? MetricValue("loss", running.meanLoss)
            progress.bestEpoch = record.epoch
        }
        if let rule = settings.earlyStopping, objective != nil {
            let objectives = progress.history.compactMap { $0.validation.first { $0.name == task.objective }?.value }
            progress.stoppedEarly = rule.shouldStop(after: objectives) && progress.epoch < settings.epochs
        }
        try write(record)
        tell(.epochEnded(record))
        if isBest, let best = progress.best { tell(.savedBest(epoch: record.epoch, objective: best, path: folder.model)) }
        if !loader.skipped.isEmpty { tell(.skipped(count: loader.skipped.count, reasons: loader.skipped.map(\.reason))) }
        if progress.stoppedEarly { tell(.stoppedEarly(epoch: record.epoch)) }
        if Interruption.isRequested, progress.epoch < settings.epochs, !progress.stoppedEarly { try interrupt() }
    }

    /// An interruption does not wait for it to end: a checkpoint behind the last step goes on with validation.
    private func validate() throws -> [MetricValue] {
        try task.validate { done, total in
            tell(.validating(done: done, total: total))
            if Interruption.isRequested, total.map({ done < $0 }) ?? true { try interrupt() }
        } ?? []
    }

    private func write(_ record: EpochRecord) throws {
        var metrics = ["train:loss": record.trainingLoss]
        for metric in record.training { metrics["train:\(metric.name)"] = metric.value }
        for metric in record.validation { metrics["validation:\(metric.name)"] = metric.value }
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

    private func save() throws {
        try Checkpoint.write(progress, network: task.network, optimizer: optimizer, to: folder.checkpoint)
    }
}

extension RunningSums {
    var meanLoss: Double { examples > 0 ? loss / Double(examples) : 0 }
    var means: [MetricValue] { sums.map { MetricValue($0.name, weight > 0 ? $0.value / Double(weight) : 0) } }
}

extension Duration {
    fileprivate var seconds: Double { self / .seconds(1) }
}
