import Datasets
import Foundation
import Glibc
import Networks
import Reporting
import Tasks
import Torch
import Training

/// A task's run that can begin.
protocol RunnableJob {
    /// Prints what would be trained on what.
    func describe(asJSON: Bool)
    /// Trains.
    func train() throws
}

/// A run that can begin: data opened, settings resolved, network built, nothing written.
struct TrainingJob<Task: TrainingTask> {
    let task: Task
    /// The network's name.
    let network: String
    let context: RunContext
    let settings: TrainingSettings
    /// Things a user should know before training begins.
    let notes: [String]
    private let run: RunSettings

    /// - Parameters:
    ///   - values: the hyperparameters that every task has.
    ///   - rule: the optimiser's, with the weight decay that goes with it.
    ///   - resolved: all hyperparameters, for the run's record.
    ///   - start: where the weights came from, for the run's record.
    ///   - sharesNormStatistics: whether batch normalisation takes its statistics over all processes.
    ///   - validationShare: of the training images that is held out.
    ///   - shards: whether each host has data of its own, for training and for validation.
    ///   - run: what the door asked for.
    init(
        _ task: Task, network: String, context: RunContext, notes: [String], values: TrainingHyperparameters,
        rule: (rule: UpdateRule, weightDecay: Double), resolved: [String: String], start: String,
        checkpointFrequency: Int? = nil, sharesNormStatistics: Bool = false, validationShare: Double?,
        shards: (training: Bool, validation: Bool), run: RunSettings
    ) throws {
        if let ranks = run.ranks {
            task.share = ranks.share(hostsShareData: !shards.training, validationIsShared: !shards.validation, pieces: run.turns)
        } else {
            task.share.training.pieces = run.turns
        }
        var notes = notes
        if let note = try run.ranks?.joinDevices(task.device) { notes.append(note) }
        var fingerprint = resolved
        if run.sharesNormStatistics { fingerprint[RunRecord.sharedNormStatistics] = "true" }
        // Hosts with data of their own train on all of it together, however many they are.
        if let ranks = run.ranks, shards.training {
            fingerprint["num_training_samples"] = try ranks.sum(ofHosts: task.exampleCount).map { "\($0)" }
        }
        if Runtime.allowsTF32, task.device != .cpu, task.precision == nil { fingerprint[RunRecord.tf32] = "true" }
        fingerprint[RunRecord.start] = start
        fingerprint[RunRecord.validationSplit] = validationShare.map { "\($0)" }
        fingerprint[TrainingSettings.validation] = context.validationSource == nil ? "none" : "given"
        fingerprint[TrainingSettings.classes] = context.classes.joined(separator: ", ")
        var settings = TrainingSettings(
            epochs: values.epochs, rule: rule.rule, weightDecay: rule.weightDecay, learningRate: values.learningRate,
            checkpointFrequency: checkpointFrequency, fingerprint: fingerprint, workers: run.workers)
        let steps = try run.ranks.map { ranks in
            var facts = fingerprint
            // Which sums are made when depends on it.
            facts["device"] = task.device == .cpu ? "cpu" : "cuda"
            try ranks.agree(on: facts)
            return try ranks.fewest(task.stepsPerEpoch)
        }
        settings.schedule = try values.schedule(stepsPerEpoch: steps ?? task.stepsPerEpoch)
        if values.earlyStopping {
            settings.earlyStopping = EarlyStopping(
                minimumEpochs: values.earlyStoppingMinEpochs, patience: values.earlyStoppingPatience,
                tolerance: values.earlyStoppingTolerance)
            if context.validationSource == nil {
                notes.append(
                    "early_stopping is True, but without validation data nobody sees whether anything improves: all epochs are trained.")
            }
        }
        if run.checkpointMinutes > 0 { settings.checkpointInterval = .seconds(run.checkpointMinutes * 60) }
        settings.unreadableLimit = run.unreadableLimit
        settings.keepsModelWhenInterrupted = run.keepsModelWhenInterrupted
        settings.sharesNormStatistics = run.sharesNormStatistics || sharesNormStatistics
        if sharesNormStatistics, run.ranks == nil {
            notes.append("syncbn is True, and one process trains: there is nothing to synchronise.")
        }
        if values.kvStore == .distAsync, run.ranks?.hosts.count ?? 1 > 1 {
            notes.append(
                "kv_store is dist_async: the hosts' gradients are joined at every step all the same, which is as quick and more accurate.")
        }
        (self.task, self.network, self.context, self.settings, self.notes) = (task, network, context, settings, notes)
        self.run = run
    }

    /// What the best model makes of the validation set: the figures, and the pictures that it gets most wrong.
    typealias Findings = (evaluation: any EvaluationSummary, mistakes: PictureGallery)

    /// Trains, and writes the model card and the page. `findings`: what the best model makes of the validation set, where `best` was told of
    /// it in this run; else it has to look again.
    func train(listening others: [any TrainingObserver], findings: (RunFolder) throws -> Findings?) throws {
        let folder = run.folder
        let existed = FileManager.default.fileExists(atPath: folder.path)
        let hadSettings = FileManager.default.fileExists(atPath: folder.hyperparameters) && !folder.holdsOwnSettings
        // The first process alone tells and writes.
        let isFirst = run.ranks?.isFirst ?? true
        let pages = isFirst ? [PageProgress(folder, context: context)] : []
        let listeners = isFirst ? run.listeners(context) : RunListeners(observers: [], note: { _ in })
        for note in notes { listeners.note(note) }
        do {
            let trainer = try Trainer(
                task: task, settings: settings, folder: folder, observers: others + pages + listeners.observers, ranks: run.ranks)
            let summary = try trainer.run(run.policy)
            guard isFirst else { return }
            let findings = try findings(folder)
            let card = ModelCard(
                network: network, parameterCount: task.network.parameterCount, context: context, summary: summary,
                evaluation: findings?.evaluation, mistakes: findings?.mistakes, engine: "\(task.precision ?? .float32) on \(task.device)")
            if try !folder.write(card) {
                listeners.note("\(folder.card) is none that a run has written, and stays as it is; there is no model card.")
            }
            if let sentence = folder.writePage(card) { listeners.note(sentence) }
        } catch {
            listeners.close()
            // A run that never got as far as an epoch leaves nothing that looks like one.
            if isFirst, !folder.holdsRun {
                if !hadSettings { unlink(folder.hyperparameters) }
                if !existed { rmdir(folder.path) }
            }
            throw error
        }
    }

    // MARK: Dry run

    /// Who works on it, besides the device, and how.
    private var company: String {
        (run.ranks.map { ", \($0.world)" } ?? "") + (run.turns > 1 ? ", \(run.turns) turns a mini-batch" : "")
    }

    private static func images(_ count: Int?) -> String { count.map { "\(Listing.count($0)) images" } ?? "a stream" }

    /// Prints what would be trained on what.
    func describe(asJSON: Bool) {
        let output = TextOutput.standardOutput
        guard !asJSON else {
            return output.write(
                JSONValue.members([
                    "network": .string(network), "parameters": .integer(task.network.parameterCount),
                    "device": .string(task.device.description), "precision": .string("\(task.precision ?? .float32)"),
                    "images": context.trainingImages.map { .integer($0) },
                    "validation_images": context.validationImages.map { .integer($0) },
                    "steps_per_epoch": task.stepsPerEpoch.map { .integer($0) }, "classes": .array(context.classes.map { .string($0) }),
                    "hyperparameters": .object(
                        of: settings.fingerprint.filter { ![TrainingSettings.classes, TrainingSettings.validation].contains($0.key) }),
                    "notes": .array(notes.map { .string($0) }),
                ]).line + "\n")
        }
        var listing = Listing()
        listing.add("network", "\(network), \(Listing.count(task.network.parameterCount)) parameters, \(context.start)")
        listing.add("device", "\(task.device), \(task.precision ?? .float32)\(company)")
        listing.add("training", "\(Self.images(context.trainingImages)) from \(context.trainingSource)")
        listing.add(
            "validation", context.validationSource.map { "\(Self.images(context.validationImages)) from \($0)" } ?? "none")
        listing.add("classes", "\(context.classes.count): \(context.classes.joined(separator: ", "))")
        listing.add("steps", task.stepsPerEpoch.map { "\(Listing.count($0)) an epoch" } ?? "as many as the stream gives")
        let shown = settings.fingerprint.filter { ![TrainingSettings.classes, TrainingSettings.validation].contains($0.key) }.sorted {
            $0.key < $1.key
        }
        for (name, value) in shown { listing.add("  \(name)", value) }
        for note in notes { listing.add("note", note) }
        output.write(listing.text)
    }
}

/// Keeps what the best epoch's validation found, for the card.
final class BestValidation<Metrics>: TrainingObserver {
    private let last: () -> Metrics?
    private var found: Metrics?

    /// `last`: what the last validation found.
    init(_ last: @escaping () -> Metrics?) { self.last = last }

    func handle(_ event: TrainingEvent) {
        if case .epochEnded(let record) = event, record.isBest { found = last() }
    }

    /// What it found, or what is found `again`: a resumed run whose best epoch lies before the interruption has to look once more. `isPart`:
    /// whether other processes have looked at other images.
    func found(in run: RunSettings, again: () throws -> Metrics) rethrows -> (found: Metrics, isPart: Bool) {
        if let found { return (found, run.isPart) }
        return (try again(), false)
    }
}
