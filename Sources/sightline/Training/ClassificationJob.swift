import Datasets
import Networks
import Reporting
import Tasks
import Training

/// A classification run that can begin.
struct ClassificationJob: RunnableJob {
    private let job: TrainingJob<ClassificationTask>
    private let run: RunSettings
    private let validation: ClassificationSource?

    init(_ run: RunSettings, _ channels: RunChannels<ClassificationChannel>) throws {
        self.run = run
        var start = try StartingWeights(run.start, of: .classification)
        let given = run.hyperparameters
        let hyperparameters: ClassificationHyperparameters
        do {
            hyperparameters = try ClassificationHyperparameters(given.merging(start.hyperparameters) { given, _ in given })
        } catch let error as TaskError {
            throw Failure.usage(error.description)
        }
        if hyperparameters.usePretrainedModel { try run.refuseSecondStart() }
        let data = try RunData(
            channels, hyperparameters.training, classNames: start.classNames ?? run.classNames,
            unreadableLimit: run.isDry ? 0 : run.unreadableLimit
        ) {
            $0.isMultiLabel = hyperparameters.multiLabel
        }
        if hyperparameters.usePretrainedModel {
            start = try StartingWeights(imageNetFor: "resnet\(hyperparameters.numLayers)", run: run)
        }
        var own = hyperparameters
        // It counts all hosts' images; this host's were counted.
        if channels.shards.training { own.numTrainingSamples = nil }
        let notes = try run.fit(&own.miniBatchSize, images: data.training.count, isSharded: channels.shards.training)
        let task = try ClassificationTask(
            hyperparameters: own, training: data.training, validation: data.validation, start: start.initial, device: run.device,
            workers: run.workers)
        validation = data.validation
        let resolved = task.hyperparameters
        let context = RunContext(
            task: VisionTask.classification.title, classes: data.training.classNames, training: (data.training.source, data.training.count),
            validation: data.validation.map { ($0.source, $0.count) }, imageShape: resolved.imageShape, start: start.title,
            hyperparameters: resolved.resolved, defaults: ClassificationHyperparameters().resolved)
        job = try TrainingJob(
            task, network: task.architecture.name, context: context,
            notes: notes + task.notes + data.notes + Self.notes(data.training.classNames),
            values: resolved.training,
            rule: resolved.updateRule, resolved: resolved.resolved, start: start.record,
            checkpointFrequency: resolved.checkpointFrequency, validationShare: channels.validationShare, shards: channels.shards, run: run)
    }

    private static func notes(_ classes: [String]) -> [String] {
        classes.count > 1 ? [] : ["there is one class, \(classes.first ?? ""): every image will be taken for it."]
    }

    /// Prints what would be trained on what.
    func describe(asJSON: Bool) { job.describe(asJSON: asJSON) }

    /// Trains.
    func train() throws {
        let task = job.task
        let best = BestValidation { task.lastValidation.map { ($0, task.lastMistakes) } }
        try job.train(listening: [best]) { folder in
            guard case .dataset(let dataset) = validation else { return nil }
            let ((metrics, mistakes), isPart) = try best.found(in: run) { try look(again: folder, dataset) }
            return (
                EvaluationReport(metrics, classes: job.context.classes, seconds: 0),
                PictureGallery(mistakes, of: dataset, isPart: isPart)
            )
        }
    }

    private func look(
        again folder: RunFolder, _ dataset: ClassificationDataset
    ) throws -> (ClassificationMetrics, [ClassificationMistake]) {
        var mistakes: [ClassificationMistake] = []
        let metrics = try ClassificationPredictor(folder.model, device: job.task.device).evaluate(
            dataset, workers: run.workers, mistaken: { mistakes.append($0) })
        return (metrics, mistakes)
    }
}
