import Datasets
import Foundation
import Glibc
import Networks
import Reporting
import Tasks
import Torch
import Training
import Weights

/// A classification run as the command line describes it: data opened, settings resolved, network built, nothing written.
struct ClassificationJob {
    let task: ClassificationTask
    let context: RunContext
    let settings: TrainingSettings
    private let validation: ClassificationSource?
    private let notes: [String]

    init(_ options: TrainClassification) throws {
        let device = try options.engine.start()
        var start = StartingWeights.random
        if let path = options.model { start = try StartingWeights(model: path) }
        if let path = options.pretrained { start = try StartingWeights(pretrained: path) }

        let given = try options.hyperparameters.values()
        let hyperparameters: ClassificationHyperparameters
        do {
            hyperparameters = try ClassificationHyperparameters(given.merging(start.hyperparameters) { given, _ in given })
        } catch let error as TaskError {
            throw Failure.usage(error.description)
        }
        if hyperparameters.usePretrainedModel {
            guard options.model == nil, options.pretrained == nil else {
                throw Failure.usage("use_pretrained_model is 1, and --model or --pretrained is given too. Give one of them.")
            }
        }

        let data = try ClassificationData(options, hyperparameters, classNames: start.classNames ?? options.classNames?.names)
        if hyperparameters.usePretrainedModel {
            start = try StartingWeights(imageNetFor: hyperparameters.numLayers, quiet: options.quiet)
        }
        var own = hyperparameters
        // It counts all hosts' images; this host's were counted.
        if options.channels.shard != nil { own.numTrainingSamples = nil }
        task = try ClassificationTask(
            hyperparameters: own, training: data.training, validation: data.validation, start: start.initial, device: device,
            workers: options.workers)
        validation = data.validation
        notes = task.notes + data.notes
        let resolved = task.hyperparameters
        context = RunContext(
            task: "image classification", classes: data.training.classNames, training: (data.training.source, data.training.count),
            validation: data.validation.map { ($0.source, $0.count) }, imageShape: resolved.imageShape, start: start.title,
            hyperparameters: resolved.resolved, defaults: ClassificationHyperparameters().resolved)
        settings = try Self.settings(task, start: start.record, options)
    }

    private static func settings(_ task: ClassificationTask, start: String, _ options: TrainClassification) throws -> TrainingSettings {
        let values = task.hyperparameters
        var fingerprint = values.resolved
        fingerprint[RunRecord.start] = start
        fingerprint[RunRecord.validationSplit] = options.validationSplit.map { "\($0)" }
        let (rule, weightDecay) = values.updateRule
        var settings = TrainingSettings(
            epochs: values.epochs, rule: rule, weightDecay: weightDecay, learningRate: values.learningRate,
            checkpointFrequency: values.checkpointFrequency, fingerprint: fingerprint,
            workers: options.workers)
        if !values.schedulerSteps.isEmpty {
            guard let steps = task.stepsPerEpoch else {
                throw Failure.usage(
                    "lr_scheduler_step counts epochs, and how long one is can't be told of a stream. Give num_training_samples.")
            }
            settings.schedule = .step(factor: values.schedulerFactor, updates: values.schedulerSteps.map { $0 * steps })
        }
        if values.earlyStopping {
            settings.earlyStopping = EarlyStopping(
                minimumEpochs: values.earlyStoppingMinEpochs, patience: values.earlyStoppingPatience,
                tolerance: values.earlyStoppingTolerance)
        }
        settings.unreadableLimit = options.skipUnreadable
        return settings
    }

    // MARK: Training

    func train(_ options: TrainClassification) throws {
        let folder = RunFolder(options.output)
        let existed = FileManager.default.fileExists(atPath: folder.path)
        let console = options.quiet ? nil : ConsoleProgress(.standardError, context: context)
        let best = BestValidation(task)
        var observers: [any TrainingObserver] = [best]
        if options.json { observers.append(JSONProgress(.standardOutput, context: context)) }
        if let console { observers.append(console) }
        if !options.quiet { for note in notes { TextOutput.standardError.write("note: \(note)\n") } }
        do {
            let trainer = try Trainer(task: task, settings: settings, folder: folder, observers: observers)
            let summary = try trainer.run(options.policy)
            try writeCard(summary, to: folder, best: best.metrics)
        } catch {
            console?.close()
            // A run that never got as far as an epoch leaves nothing that looks like one.
            if !folder.holdsRun {
                try? folder.clear()
                if !existed { rmdir(folder.path) }
            }
            throw error
        }
    }

    private func writeCard(_ summary: RunSummary, to folder: RunFolder, best: ClassificationMetrics?) throws {
        var evaluation: EvaluationReport?
        if case .dataset(let dataset) = validation {
            // A resumed run whose best epoch lies before the interruption has to look again.
            let metrics =
                try best ?? ClassificationPredictor(folder.model, device: task.device).evaluate(dataset, workers: settings.workers)
            evaluation = EvaluationReport(metrics, classes: context.classes, seconds: 0)
        }
        let card = ModelCard(
            network: task.architecture.name, parameterCount: task.network.parameterCount, context: context, summary: summary,
            evaluation: evaluation, engine: "\(task.precision ?? .float32) on \(task.device)")
        try folder.write(card)
    }

    // MARK: Dry run

    private static func images(_ count: Int?) -> String { count.map { "\(Listing.count($0)) images" } ?? "a stream" }

    /// Prints what would be trained on what.
    func describe(asJSON: Bool) {
        let output = TextOutput.standardOutput
        guard !asJSON else {
            let values = settings.fingerprint.sorted { $0.key < $1.key }
            return output.write(
                JSONValue.members([
                    "network": .string(task.architecture.name), "parameters": .integer(task.network.parameterCount),
                    "device": .string(task.device.description), "precision": .string("\(task.precision ?? .float32)"),
                    "images": context.trainingImages.map { .integer($0) },
                    "validation_images": context.validationImages.map { .integer($0) },
                    "steps_per_epoch": task.stepsPerEpoch.map { .integer($0) }, "classes": .array(context.classes.map { .string($0) }),
                    "hyperparameters": .object(of: values.map { (name: $0.key, value: .string($0.value)) }),
                    "notes": .array(notes.map { .string($0) }),
                ]).line + "\n")
        }
        var listing = Listing()
        listing.add("network", "\(task.architecture.name), \(Listing.count(task.network.parameterCount)) parameters, \(context.start)")
        listing.add("device", "\(task.device), \(task.precision ?? .float32)")
        listing.add("training", "\(Self.images(context.trainingImages)) from \(context.trainingSource)")
        listing.add(
            "validation", context.validationSource.map { "\(Self.images(context.validationImages)) from \($0)" } ?? "none")
        listing.add("classes", "\(context.classes.count): \(context.classes.joined(separator: ", "))")
        listing.add("steps", task.stepsPerEpoch.map { "\(Listing.count($0)) an epoch" } ?? "as many as the stream gives")
        for (name, value) in settings.fingerprint.sorted(by: { $0.key < $1.key }) { listing.add("  \(name)", value) }
        for note in notes { listing.add("note", note) }
        output.write(listing.text)
    }
}

/// Keeps the counts of the best epoch's validation for the card.
private final class BestValidation: TrainingObserver {
    private let task: ClassificationTask
    private(set) var metrics: ClassificationMetrics?

    init(_ task: ClassificationTask) { self.task = task }

    func handle(_ event: TrainingEvent) {
        if case .epochEnded(let record) = event, record.isBest { metrics = task.lastValidation }
    }
}
