import Datasets
import Networks
import Reporting
import Tasks
import Training

/// A detection run that can begin.
struct DetectionJob: RunnableJob {
    private let job: TrainingJob<DetectionTask>
    private let run: RunSettings
    private let validation: DetectionSource?

    init(_ run: RunSettings, _ channels: RunChannels<DetectionChannel>) throws {
        self.run = run
        var start = try StartingWeights(run.start, of: .detection)
        let given = run.hyperparameters.merging(start.hyperparameters) { given, _ in given }
        let hyperparameters: DetectionHyperparameters
        do {
            hyperparameters = try DetectionHyperparameters(given)
        } catch let error as TaskError {
            throw Failure.usage(error.description)
        }
        if hyperparameters.usePretrainedModel { try run.refuseSecondStart() }
        let data = try RunData(
            channels, hyperparameters.training, classNames: start.classNames ?? run.classNames,
            unreadableLimit: run.isDry ? 0 : run.unreadableLimit
        ) {
            $0.labelWidth = hyperparameters.labelWidth
            // Better than in the middle of the night.
            $0.requiresPictures = run.unreadableLimit == 0
        }
        if hyperparameters.usePretrainedModel {
            let name = hyperparameters.baseNetwork.rawValue.replacing("-", with: "")
            start = try StartingWeights(imageNetFor: name, run: run)
        }
        var own = hyperparameters
        // It counts all hosts' images; this host's were counted.
        if channels.shards.training { own.training.numTrainingSamples = nil }
        let notes = try run.fit(&own.training.miniBatchSize, images: data.training.count, isSharded: channels.shards.training)
        let task = try DetectionTask(
            hyperparameters: own, training: data.training, validation: data.validation, start: start.initial, device: run.device,
            workers: run.workers)
        validation = data.validation
        let resolved = task.hyperparameters
        let context = RunContext(
            task: VisionTask.detection.title, classes: data.training.classNames, training: (data.training.source, data.training.count),
            validation: data.validation.map { ($0.source, $0.count) }, imageShape: (3, resolved.imageShape, resolved.imageShape),
            start: start.title, hyperparameters: resolved.resolved, defaults: DetectionHyperparameters().resolved)
        job = try TrainingJob(
            task, network: task.architecture.name, context: context, notes: notes + task.notes + data.notes, values: resolved.training,
            rule: resolved.updateRule, resolved: resolved.resolved, start: start.record, validationShare: channels.validationShare,
            shards: channels.shards, run: run)
    }

    /// Prints what would be trained on what.
    func describe(asJSON: Bool) { job.describe(asJSON: asJSON) }

    /// Trains.
    func train() throws {
        let task = job.task
        let best = BestValidation { task.lastValidation.map { ($0, task.lastScores) } }
        try job.train(listening: [best]) { folder in
            guard let validation, case .dataset(let dataset) = validation else { return nil }
            let ((metrics, scores), isPart) = try best.found(in: run) { try look(again: folder, validation) }
            // Of several processes this one knows the errors in its own part.
            let errors = isPart ? nil : scores.errors
            return (
                DetectionReport(metrics, classes: job.context.classes, seconds: 0, errors: errors),
                PictureGallery(scores, of: dataset, isPart: isPart)
            )
        }
    }

    private func look(again folder: RunFolder, _ validation: DetectionSource) throws -> (DetectionMetrics, [DetectionImageScore]) {
        var scores: [DetectionImageScore] = []
        let metrics = try DetectionPredictor(folder.model, device: job.task.device).evaluate(
            validation, workers: run.workers, scored: { scores.append($0) })
        return (metrics, scores)
    }
}
