import Datasets
import Networks
import Reporting
import Tasks
import Training

/// A detection run as the command line describes it.
struct DetectionJob {
    private let job: TrainingJob<DetectionTask>
    private let validation: DetectionSource?

    init(_ options: TrainDetection) throws {
        let training = options.training
        let device = try training.engine.start()
        var start = try StartingWeights(training, of: .detection)
        let given = try training.hyperparameters.values().merging(start.hyperparameters) { given, _ in given }
        let hyperparameters: DetectionHyperparameters
        do {
            hyperparameters = try DetectionHyperparameters(given)
        } catch let error as TaskError {
            throw Failure.usage(error.description)
        }
        if hyperparameters.usePretrainedModel { try training.refuseSecondStart() }
        let data = try RunData(options, hyperparameters, classNames: start.classNames ?? training.classNames?.names)
        if hyperparameters.usePretrainedModel {
            let name = hyperparameters.baseNetwork.rawValue.replacing("-", with: "")
            start = try StartingWeights(imageNetFor: name, quiet: training.quiet)
        }
        var own = hyperparameters
        // It counts all hosts' images; this host's were counted.
        if options.channels.shard != nil { own.training.numTrainingSamples = nil }
        let task = try DetectionTask(
            hyperparameters: own, training: data.training, validation: data.validation, start: start.initial, device: device,
            workers: training.workers)
        validation = data.validation
        let resolved = task.hyperparameters
        let context = RunContext(
            task: "object detection", classes: data.training.classNames, training: (data.training.source, data.training.count),
            validation: data.validation.map { ($0.source, $0.count) }, imageShape: (3, resolved.imageShape, resolved.imageShape),
            start: start.title, hyperparameters: resolved.resolved, defaults: DetectionHyperparameters().resolved)
        job = try TrainingJob(
            task, network: task.architecture.name, context: context, notes: task.notes + data.notes, values: resolved.training,
            rule: resolved.updateRule, resolved: resolved.resolved, start: start.record, validationSplit: options.held.validationSplit,
            options: training)
    }

    func run(_ options: TrainingOptions) throws {
        guard !options.dryRun else { return job.describe(asJSON: options.json) }
        let task = job.task
        let best = BestValidation { task.lastValidation }
        try job.train(options, listening: [best]) { folder in
            guard let validation, case .dataset = validation else { return nil }
            let metrics =
                try best.metrics ?? DetectionPredictor(folder.model, device: task.device).evaluate(validation, workers: options.workers)
            return DetectionReport(metrics, classes: job.context.classes, seconds: 0)
        }
    }
}
