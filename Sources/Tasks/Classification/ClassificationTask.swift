import Datasets
import Networks
import Torch
import Weights

/// Image classification as the training loop sees it.
public final class ClassificationTask: TrainingTask {
    /// The network in training.
    public let network: any Module
    /// Where it trains.
    public let device: Device
    /// The precision of products in training; nil: float32.
    public let precision: DType?
    /// How the training set is cut into mini-batches.
    public let trainingPlan: BatchPlan
    /// Reads and augments training images.
    public let trainingBuilder: ClassificationBatchBuilder
    /// The share of right answers on the validation set.
    public let objective = "accuracy"

    /// Things a user should know before training begins, one sentence each.
    public private(set) var notes: [String] = []
    /// The hyperparameters, with what the data filled in.
    public let hyperparameters: ClassificationHyperparameters
    /// The network's architecture.
    public let architecture: ClassificationArchitecture
    /// The counts of the last validation.
    public private(set) var lastValidation: ClassificationMetrics?

    private let classifier: any ClassificationNetwork
    private let preprocessing: PreprocessingDescription
    private let classNames: [String]
    private let evaluation: ClassificationEvaluation?
    private let loss: ClassificationLoss

    /// Prepares training: checks that data, hyperparameters and initial weights fit, and builds the network.
    ///
    /// `validation`: nil: the last epoch's model is kept. `start`: where the weights come from. `workers`: threads that read images; nil:
    /// a default for this machine.
    /// - Throws: ``TaskError``, `DatasetError`, `NetworkError`, `WeightsError` or `TorchError`, before anything is written.
    public init(
        hyperparameters given: ClassificationHyperparameters, training: ClassificationDataset, validation: ClassificationDataset?,
        start: InitialWeights = .random, device: Device, workers: Int? = nil
    ) throws {
        var settings = given
        try training.check(classCount: settings.numClasses, sampleCount: settings.numTrainingSamples)
        settings.numClasses = training.classNames.count
        settings.numTrainingSamples = training.count
        guard (training.labelKind == .multi) == settings.multiLabel else {
            throw TaskError(
                settings.multiLabel
                    ? "multi_label is 1, but \(training.source) has one label an image. Set multi_label to 0, or give a list with one column a class."
                    : "\(training.source) has several labels an image. Set multi_label to 1.")
        }
        if settings.miniBatchSize > training.count {
            notes.append(
                "mini_batch_size \(settings.miniBatchSize) is more than the \(training.count) training images: \(training.count) is used.")
            settings.miniBatchSize = training.count
        }
        notes += training.warnings
        let imagesAreFiles = if case .file? = try? training.record(at: 0).payload { true } else { false }
        if settings.resize == nil, let resize = settings.resolvedResize(imagesAreFiles: imagesAreFiles) {
            notes.append("resize is not set: the shorter side is scaled to \(resize) pixels before the crop.")
            settings.resize = resize
        }
        hyperparameters = settings
        classNames = training.classNames
        preprocessing = PreprocessingDescription(
            channels: settings.imageShape.channels, height: settings.imageShape.height, width: settings.imageShape.width,
            resizeShorterSide: settings.resize)
        architecture = try ClassificationArchitecture(
            depth: settings.numLayers, classes: classNames.count, channels: settings.imageShape.channels)
        classifier = try architecture.makeNetwork(seed: UInt64(settings.seed))
        try start.fill(classifier, architecture: architecture)
        network = classifier
        try network.move(to: device)
        self.device = device
        precision = settings.reducedPrecision(on: device)
        if settings.precision == .float16 {
            notes.append("precision_dtype float16 trains in bfloat16: as quick, with float32's range, without loss scaling.")
        }
        trainingPlan = try BatchPlan(
            exampleCount: training.count, batchSize: settings.miniBatchSize, remainder: .drop, shuffle: true, seed: UInt64(settings.seed))
        trainingBuilder = ClassificationBatchBuilder(
            dataset: training,
            transform: ClassificationTransform(
                preprocessing, augmentation: settings.augmentation, cropPadding: architecture.isSmall ? max(preprocessing.height / 8, 1) : 0
            ),
            seed: UInt64(settings.seed))
        if let validation {
            evaluation = try ClassificationEvaluation(
                dataset: validation, preprocessing: preprocessing, batchSize: settings.miniBatchSize, topK: settings.topK, device: device,
                workers: workers)
        } else {
            evaluation = nil
        }
        loss = try ClassificationLoss(
            multiLabel: settings.multiLabel,
            weights: settings.useWeightedLoss ? ClassificationLoss.balancingWeights(of: training) : nil, device: device)
    }

    /// Forward pass, loss and hits of a mini-batch.
    public func step(_ batch: ClassificationBatch) throws -> StepOutput {
        let input = try batch.input(
            mean: preprocessing.mean, std: preprocessing.std, dtype: precision == .bfloat16 ? .bfloat16 : .float32, device: device)
        let logits = try classifier(input)
        if loss.multiLabel {
            let targets = try batch.targets(classCount: classNames.count, device: device)
            let value = try loss(logits, targets: targets)
            let hits = try withoutGradient { try logits.detached().isGreater(than: 0).equals(targets.isGreater(than: 0.5)).sum() }
            return StepOutput(loss: value, sums: [("accuracy", hits)], weight: batch.count * classNames.count, examples: batch.count)
        }
        let classes = try batch.classes(device: device)
        let value = try loss(logits, classes: classes)
        let sums = try withoutGradient {
            let logits = try logits.detached()
            var sums = [(name: "accuracy", sum: try logits.argmax().equals(classes).sum())]
            if let topK = hyperparameters.topK {
                let best = try logits.indicesOfLargest(min(topK, classNames.count))
                sums.append(("top_k_accuracy_\(topK)", try best.equals(classes.reshaped([-1, 1])).sum()))
            }
            return sums
        }
        return StepOutput(loss: value, sums: sums, weight: batch.count, examples: batch.count)
    }

    /// Scores every validation image once, with the preprocessing of prediction.
    public func validate(progress: (Int, Int) throws -> Void) throws -> [MetricValue]? {
        guard let evaluation else { return nil }
        network.train(false)
        defer { network.train(true) }
        let metrics = try evaluation.run(progress: progress) { input in
            try withAutocast(to: precision, on: device) { try classifier(input) }
        }
        lastValidation = metrics
        return metrics.values
    }

    /// The model as its file describes it.
    public func describe(metrics: [String: Double]) -> ModelDescription {
        ModelDescription(
            task: "classification", network: architecture.name, classes: classNames, multiLabel: hyperparameters.multiLabel,
            preprocessing: preprocessing, hyperparameters: hyperparameters.resolved, metrics: metrics)
    }
}
