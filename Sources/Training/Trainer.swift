import Datasets
import Foundation
import Networks
import Tasks
import Torch
import Weights

/// The training loop, the same for every task.
public final class Trainer<Job: TrainingTask> {
    let task: Job
    let settings: TrainingSettings
    let folder: RunFolder
    private let observers: [any TrainingObserver]
    let ranks: RankGroup?
    let optimizer: Optimizer
    private let updater: Updater<Job>
    var progress = RunProgress()
    /// Updates an epoch; nil: of a stream of unknown length. Processes with data of their own take as many steps as the one with the fewest.
    private let stepsPerEpoch: Int?
    private var stepsOfLastEpoch: Int?
    /// Whether somebody asked to stop, and whether the state is to be saved behind the next step, as far as all processes have agreed on it.
    private var agreed = (stop: false, save: false)
    /// Keeps other processes out of the folder.
    private var lock: FolderLock?
    /// When the state was saved, or the run began.
    var lastSave = ContinuousClock.now
    /// What the checkpoint holds; nil: there is none.
    var saved: (epoch: Int, step: Int)?

    /// Prepares a run. `ranks`: the processes that train together, of which the first alone writes and tells; nil: this one is alone. The
    /// task knows its share already.
    public init(
        task: Job, settings: TrainingSettings, folder: RunFolder, observers: [any TrainingObserver], ranks: RankGroup? = nil
    ) throws {
        self.task = task
        self.settings = settings
        self.folder = folder
        self.observers = observers
        self.ranks = ranks
        optimizer = try Optimizer(rule: settings.rule, weightDecay: settings.weightDecay, parameters: task.network.learningParameters)
        updater = try Updater(task, optimizer: optimizer, scalesLoss: settings.scalesLoss, ranks: ranks)
        try task.meet()
        stepsPerEpoch = try ranks.map { try $0.fewest(task.stepsPerEpoch) } ?? task.stepsPerEpoch
    }

    /// Whether this process is the one that writes.
    var writes: Bool { ranks?.isFirst ?? true }
    /// What a checkpoint holds of the loss's scale.
    var scalerState: [(name: String, tensor: Tensor)] { updater.scaler?.state ?? [] }
    /// Examples of an update.
    private var updateSize: Int { task.miniBatchSize * (ranks?.hosts.count ?? 1) }

    /// Trains to the end, or to an interruption.
    /// - Throws: ``TrainingError`` where the run folder refuses, the loss diverges or somebody interrupts; whatever the task throws.
    public func run(_ policy: ResumePolicy) throws -> RunSummary {
        if let ranks {
            progress = try RunProgress(bytes: ranks.fromFirst { try start(policy).bytes() })
            try ranks.broadcast(task.network.namedTensors.map(\.tensor) + optimizer.state.map(\.tensor) + scalerState.map(\.tensor))
            (optimizer.stepCount, optimizer.lastLearningRate) = (progress.optimizerSteps, progress.lastLearningRate)
            ranks.shareNormStatistics(settings.sharesNormStatistics)
        } else {
            progress = try start(policy)
        }
        defer { ranks?.shareNormStatistics(false) }
        progress.adopt(updateSize: updateSize, stepsPerEpoch: stepsPerEpoch)
        if progress.updates > 0 { saved = (progress.epoch, progress.step) }
        try announceStart(resumed: progress.updates > 0)

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
        ranks?.shareNormStatistics(false)
        let summary = RunSummary(
            history: progress.history, best: progress.best.flatMap { best in progress.bestEpoch.map { ($0, best) } }, model: folder.model,
            stoppedEarly: progress.stoppedEarly)
        tell(.finished(summary))
        return summary
    }

    /// Where a run goes on, or begins, with the weights and the optimiser's state that belong there.
    private func start(_ policy: ResumePolicy) throws -> RunProgress {
        try folder.create()
        lock = try folder.lock()
        let checkpoint = try folder.prepare(policy, settings: settings)
        if checkpoint == nil, policy != .overwrite { try folder.checkSettingsAreOurs(settings.fingerprint) }
        var progress = checkpoint?.progress ?? RunProgress()
        if let checkpoint {
            try checkpoint.restore(network: task.network, optimizer: optimizer, scaler: scalerState)
            // A model that is gone, as where a copy of the folder was broken off, is no best one: the next epoch's replaces it.
            if !FileManager.default.fileExists(atPath: folder.model) { (progress.best, progress.bestEpoch) = (nil, nil) }
        }
        if let epochs = progress.fingerprint["epochs"], epochs != "\(settings.epochs)", settings.schedule.isOverWholeRun {
            tell(
                .noted(
                    "the learning rate falls over all epochs of a run: with \(settings.epochs) instead of \(epochs) it goes on where a run of "
                        + "\(settings.epochs) would be, which may be another rate than the last one. --model begins a run of its own."))
        }
        progress.fingerprint = settings.fingerprint
        progress.finished = false
        try folder.write(hyperparameters: settings.fingerprint)
        return progress
    }

    func tell(_ event: TrainingEvent) {
        guard writes else { return }
        for observer in observers { observer.handle(event) }
    }

    /// Whether somebody asked to stop; of several processes, whether any of them was asked.
    private func isStopWanted() throws -> Bool {
        guard let ranks else { return Interruption.isRequested }
        return try ranks.any([Interruption.isRequested])[0]
    }

    /// Training images in all; nil: of a stream of unknown length.
    private func exampleCount() throws -> Int? {
        let own = task.exampleCount
        guard let ranks, ranks.hosts.count > 1, task.share.training.machines == 1 else { return own }
        // Each host has data of its own.
        return try ranks.sum(ofHosts: own)
    }

    private func announceStart(resumed: Bool) throws {
        let description = task.describe(metrics: [:])
        tell(
            .started(
                RunStart(
                    network: description.network, parameterCount: task.network.parameterCount, device: task.device.description,
                    precision: "\(task.precision ?? .float32)", epochs: settings.epochs, stepsPerEpoch: stepsPerEpoch,
                    examples: try exampleCount(), world: ranks?.world ?? WorldSize(),
                    resumedAt: resumed ? (progress.epoch + 1, progress.step) : nil, history: progress.history)))
    }

    // MARK: One epoch

    private func trainEpoch(_ loader: BatchLoader<Job.Builder>) throws {
        ProcessMemory.resetPeak()
        // A stream of unknown length is as long as it was in the epoch before.
        let steps = stepsPerEpoch ?? stepsOfLastEpoch
        let before = (seconds: progress.running.seconds, waited: progress.running.waited - loader.waitedSeconds)
        let clock = ContinuousClock.now
        while let batch = try nextBatch(loader) {
            let rate = settings.schedule.rate(base: settings.learningRate, update: progress.updates)
            try step(batch, loader, rate: rate)
            progress.running.seconds = before.seconds + clock.duration(to: .now).seconds
            progress.running.waited = before.waited + loader.waitedSeconds
            try readPending(unlessFewerThan: task.device == .cpu ? 1 : 20)
            tell(.stepped(info(steps: steps, rate: rate)))
            if ranks == nil { agreed = (Interruption.isRequested, isSaveDue) }
            guard agreed.stop || agreed.save else { continue }
            try readPending()
            if agreed.stop { try interrupt() }
            try saveInPassing()
        }
        try readPending()
        stepsOfLastEpoch = progress.step
        progress.running.seconds = before.seconds + clock.duration(to: .now).seconds
    }

    /// The next mini-batch, or the first turn at it; nil at the end of an epoch. Processes with parts of their own of a data set end their
    /// epochs together, when the first has nothing left.
    private func nextBatch(_ loader: BatchLoader<Job.Builder>) throws -> Job.Builder.Batch? {
        let loaded = try turn(loader)
        guard let ranks else { return loaded?.batch }
        let flags = try ranks.any([loaded == nil, Interruption.isRequested, writes && isSaveDue])
        agreed = (flags[1], flags[2])
        guard flags[0] else { return loaded?.batch }
        if loaded != nil { while try loader.next() != nil {} }
        return nil
    }

    /// The next turn's examples; nil at the end of an epoch. Of a mini-batch of several turns nothing is learned before the last.
    private func turn(_ loader: BatchLoader<Job.Builder>) throws -> LoadedBatch<Job.Builder.Batch>? {
        do {
            return try loader.next()
        } catch  where ranks == nil {
            try readPending()
            // Nobody waits for data when the run is to end.
            if Interruption.isRequested { try interrupt() }
            // What a long run has learned since its last checkpoint is not lost to a file that can't be read: once it is mended, --resume goes on.
            if saved != nil { try? save() }
            throw error
        }
    }

    private func step(_ batch: Job.Builder.Batch, _ loader: BatchLoader<Job.Builder>, rate: Double) throws {
        try updater.update(
            with: batch,
            then: {
                guard let loaded = try turn(loader) else {
                    throw TrainingError(.ranks, "An epoch has ended within a mini-batch. This is a fault of the program.")
                }
                return loaded.batch
            }, number: progress.updates, learningRate: rate)
        progress.step += 1
        progress.updates += 1
        progress.optimizerSteps = optimizer.stepCount
        progress.lastLearningRate = rate
    }

    /// Adds the sums of finished steps to the epoch's.
    private func readPending(unlessFewerThan count: Int = 0) throws {
        for figures in try updater.figures(unlessFewerThan: count) {
            guard figures.loss.isFinite else { throw diverged(figures.loss) }
            progress.running.add(figures)
        }
    }

    /// A stream's length is what the user says it is, until it has been read.
    private func warnOfLength() {
        guard progress.epoch == 0, let expected = stepsPerEpoch, let steps = stepsOfLastEpoch, steps != expected, task.exampleCount != nil
        else { return }
        tell(
            .noted(
                "The first epoch had \(steps) steps where num_training_samples promises \(expected): the learning rate's course is planned by "
                    + "the promise. Correct num_training_samples."))
    }

    private func diverged(_ loss: Double, _ what: String = "loss") -> TrainingError {
        let kept =
            saved.map { saved in
                let place = saved.step > 0 ? "step \(saved.step) of epoch \(saved.epoch + 1)" : "epoch \(saved.epoch)"
                return " The state after \(place) is kept in \(folder.path)."
            } ?? ""
        return TrainingError(
            .diverged,
            "The \(what) is \(loss) in epoch \(progress.epoch + 1), step \(progress.step), at learning_rate \(progress.lastLearningRate ?? settings.learningRate)."
                + " Lower learning_rate (a tenth is a good try), or set precision_dtype to float32.\(kept)")
    }

    private func info(steps: Int?, rate: Double) -> StepInfo {
        let running = progress.running
        let speed = running.seconds > 0 ? Double(running.examples) / running.seconds : 0
        let left = steps.map { max(0, (settings.epochs - progress.epoch) * $0 - progress.step) }
        return StepInfo(
            epoch: progress.epoch + 1, epochs: settings.epochs, step: progress.step, batchSize: updateSize, steps: steps,
            loss: running.meanLoss,
            metrics: running.means, learningRate: rate, imagesPerSecond: speed,
            waitShare: running.seconds > 0 ? min(1, running.waited / running.seconds) : 0,
            secondsLeft: left.map { progress.step > 0 ? running.seconds / Double(progress.step) * Double($0) : 0 },
            residentMemory: ProcessMemory.resident)
    }

    // MARK: Between epochs

    private func closeEpoch(_ loader: BatchLoader<Job.Builder>) throws {
        try averageStatistics()
        let areFinite = try withoutGradient { try task.network.parameters.allSatisfy { try $0.tensor.sum().item().isFinite } }
        guard areFinite else { throw diverged(.nan, "sum of the weights") }
        // Before the first model is written: a run that is killed in between must be able to go on.
        if saved == nil { try save() }
        warnOfLength()
        let validation = try validate()
        for metric in validation where metric.name == "loss" && !metric.value.isFinite { throw diverged(metric.value, "validation loss") }
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
        let skipped = try skippedCount(loader)
        if skipped > 0 { tell(.skipped(count: skipped, reasons: loader.skipped.map(\.reason))) }
        guard skipped <= max(settings.unreadableLimit, loader.skipped.count) else {
            throw TrainingError(
                .unreadable,
                "\(skipped) images cannot be read where \(settings.unreadableLimit) are allowed, by the processes together. Repair or remove them, or allow more (--skip-unreadable)."
            )
        }
        if progress.stoppedEarly { tell(.stoppedEarly(epoch: record.epoch)) }
        // The question is the processes' common one, so none of them may leave it out.
        if try isStopWanted(), progress.epoch < settings.epochs, !progress.stoppedEarly { try interrupt() }
    }

    /// Training images that could not be read so far, of all processes: those that share data may each have met the same ones.
    private func skippedCount(_ loader: BatchLoader<Job.Builder>) throws -> Int {
        guard let ranks, settings.unreadableLimit > 0 else { return loader.skipped.count }
        let host = task.share.training.machines == 1 ? ranks.hosts.index : 0
        return Set(try ranks.gather(loader.skipped.map { Double(host) * 1e12 + Double($0.index) }).joined()).count
    }

    /// An interruption does not wait for it to end: a checkpoint behind the last step goes on with validation.
    private func validate() throws -> [MetricValue] {
        do {
            return try task.validate { done, total in
                // Each process sees its part; the first one's tells how far they all are.
                let all = done * task.share.validation.parts
                tell(.validating(done: min(all, total ?? all), total: total))
                if Interruption.isRequested, total.map({ all < $0 }) ?? true {
                    // The others hear of it where they would put their counts together.
                    try ranks?.stopCounting()
                    throw ValidationStopped()
                }
            } ?? []
        } catch is ValidationStopped {
            try interrupt()
        } catch  where ranks == nil {
            // The epoch's work is done: once the data are mended, --resume goes on with validation.
            try? save()
            throw error
        }
    }

}

extension Duration {
    fileprivate var seconds: Double { self / .seconds(1) }
}
