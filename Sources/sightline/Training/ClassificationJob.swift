import Datasets
import Networks
import Reporting
import Tasks
import Training

/// A classification run as the command line describes it.
struct ClassificationJob {
    private let job: TrainingJob<ClassificationTask>
    private let validation: ClassificationSource?

    init(_ options: TrainClassification) throws {
        let training = options.training
        let device = try training.engine.start()
        var start = try StartingWeights(training, of: .classification)
        let given = try training.hyperparameters.values()
        let hyperparameters: ClassificationHyperparameters
        do {
            hyperparameters = try ClassificationHyperparameters(given.merging(start.hyperparameters) { given, _ in given })
        } catch let error as TaskError {
            throw Failure.usage(error.description)
        }
        if hyperparameters.usePretrainedModel { try training.refuseSecondStart() }
        let data = try RunData(options, hyperparameters, classNames: start.classNames ?? training.classNames?.names)
        if hyperparameters.usePretrainedModel {
            start = try StartingWeights(imageNetFor: "resnet\(hyperparameters.numLayers)", quiet: training.quiet)
        }
        var own = hyperparameters
        // It counts all hosts' images; this host's were counted.
        if options.channels.shard != nil { own.numTrainingSamples = nil }
        let task = try ClassificationTask(
            hyperparameters: own, training: data.training, validation: data.validation, start: start.initial, device: device,
            workers: training.workers)
        validation = data.validation
        let resolved = task.hyperparameters
        let context = RunContext(
            task: "image classification", classes: data.training.classNames, training: (data.training.source, data.training.count),
            validation: data.validation.map { ($0.source, $0.count) }, imageShape: resolved.imageShape, start: start.title,
            hyperparameters: resolved.resolved, defaults: ClassificationHyperparameters().resolved)
        job = try TrainingJob(
            task, network: task.architecture.name, context: context, notes: task.notes + data.notes, values: resolved.training,
            rule: resolved.updateRule, resolved: resolved.resolved, start: start.record,
            checkpointFrequency: resolved.checkpointFrequency, validationSplit: options.held.validationSplit, options: training)
    }

    func run(_ options: TrainingOptions) throws {
        guard !options.dryRun else { return job.describe(asJSON: options.json) }
        let task = job.task
        let best = BestValidation { task.lastValidation }
        try job.train(options, listening: [best]) { folder in
            guard case .dataset(let dataset) = validation else { return nil }
            // A resumed run whose best epoch lies before the interruption has to look again.
            let metrics =
                try best.metrics ?? ClassificationPredictor(folder.model, device: task.device).evaluate(dataset, workers: options.workers)
            return EvaluationReport(metrics, classes: job.context.classes, seconds: 0)
        }
    }
}
