import Datasets
import Networks
import Reporting
import Tasks
import Training

/// A segmentation run that can begin.
struct SegmentationJob: RunnableJob {
    private let job: TrainingJob<SegmentationTask>
    private let run: RunSettings
    private let validation: SegmentationSource?

    init(_ run: RunSettings, _ channels: RunChannels<SegmentationChannel>) throws {
        self.run = run
        var start = try StartingWeights(run.start, of: .segmentation)
        var given = run.hyperparameters.merging(start.hyperparameters) { given, _ in given }
        // Weights that are given stand for the pretrained ones, which are the default.
        if start.isGiven, given["use_pretrained_model"] == nil { given["use_pretrained_model"] = "0" }
        let hyperparameters: SegmentationHyperparameters
        do {
            hyperparameters = try SegmentationHyperparameters(given)
        } catch let error as TaskError {
            throw Failure.usage(error.description)
        }
        if hyperparameters.usePretrainedModel { try run.refuseSecondStart() }
        let data = try RunData(
            channels, hyperparameters.training, classNames: start.classNames ?? run.classNames,
            unreadableLimit: run.isDry ? 0 : run.unreadableLimit
        ) {
            $0.requiresAll = run.unreadableLimit == 0
        }
        if hyperparameters.usePretrainedModel {
            start = try StartingWeights(imageNetFor: hyperparameters.backbone.rawValue.replacing("-", with: ""), run: run)
        }
        var own = hyperparameters
        // It counts all hosts' images; this host's were counted.
        if channels.shards.training { own.training.numTrainingSamples = nil }
        let notes = try run.fit(&own.training.miniBatchSize, images: data.training.count, isSharded: channels.shards.training)
        let task = try SegmentationTask(
            hyperparameters: own, training: data.training, validation: data.validation, start: start.initial, device: run.device,
            workers: run.workers)
        validation = data.validation
        let resolved = task.hyperparameters
        var context = RunContext(
            task: VisionTask.segmentation.title, classes: data.training.classNames, training: (data.training.source, data.training.count),
            validation: data.validation.map { ($0.source, $0.count) }, imageShape: (3, resolved.cropSize, resolved.cropSize),
            start: start.title, hyperparameters: resolved.resolved, defaults: SegmentationHyperparameters().resolved)
        context.takesAnySize = true
        job = try TrainingJob(
            task, network: task.architecture.name, context: context, notes: notes + task.notes + data.notes, values: resolved.training,
            rule: resolved.updateRule, resolved: resolved.resolved, start: start.record,
            sharesNormStatistics: resolved.synchronizesBatchNorm, validationShare: channels.validationShare, shards: channels.shards,
            run: run)
    }

    /// Prints what would be trained on what.
    func describe(asJSON: Bool) { job.describe(asJSON: asJSON) }

    /// Trains.
    func train() throws {
        let task = job.task
        let best = BestValidation { task.lastValidation.map { ($0, task.lastScores) } }
        try job.train(listening: [best]) { folder in
            guard let validation, case .dataset(let dataset) = validation else { return nil }
            // Loaded where there is something to be looked at again.
            var loaded: SegmentationPredictor?
            func predictor() throws -> SegmentationPredictor {
                let predictor = try loaded ?? SegmentationPredictor(folder.model, device: task.device)
                loaded = predictor
                return predictor
            }
            let ((metrics, scores), isPart) = try best.found(in: run) { try look(again: predictor(), validation) }
            return (
                SegmentationReport(metrics, classes: job.context.classes, seconds: 0),
                PictureGallery(scores, of: dataset, isPart: isPart) { try predictor().predict($0, named: $1) }
            )
        }
    }

    private func look(
        again predictor: SegmentationPredictor, _ validation: SegmentationSource
    ) throws -> (SegmentationMetrics, [SegmentationImageScore]) {
        var scores: [SegmentationImageScore] = []
        let metrics = try predictor.evaluate(
            validation, extent: job.task.hyperparameters.validationExtent, workers: run.workers, scored: { scores.append($0) })
        return (metrics, scores)
    }
}
