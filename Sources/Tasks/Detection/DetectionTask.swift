import Datasets
import Networks
import Torch
import Weights

/// Object detection as the training loop sees it.
public final class DetectionTask: TrainingTask {
    /// The network in training.
    public let network: any Module
    /// Where it trains.
    public let device: Device
    /// The precision of products in training; nil: float32.
    public let precision: DType?
    /// Pascal VOC's mean average precision at `overlap_threshold`.
    public let objective = "mAP"

    /// What of the work is this process's.
    public var share = RankShare()
    /// Things a user should know before training begins, one sentence each.
    public private(set) var notes: [String] = []
    /// The hyperparameters, with what the data filled in.
    public let hyperparameters: DetectionHyperparameters
    /// The network's architecture.
    public let architecture: DetectionArchitecture
    /// The scores of the last validation.
    public private(set) var lastValidation: DetectionMetrics?
    /// Above which score its boxes are best taken for objects.
    private var scoreThreshold: Double?
    /// What the last validation found in each picture of this process's part.
    public private(set) var lastScores: [DetectionImageScore] = []

    private let detector: any DetectionNetwork
    private let preprocessing: PreprocessingDescription
    private let classNames: [String]
    private let training: DetectionSource
    private let transform: DetectionTransform
    private let shuffleBounds: ShuffleBounds
    private let evaluation: DetectionEvaluation?
    private let anchors: Tensor
    private let loss: MultiBoxLoss
    private var validations = 0
    /// Whether images of the validation set can be looked at again: not those of a stream.
    private let keepsScores: Bool

    /// Prepares training: checks that data, hyperparameters and initial weights fit, and builds the network.
    ///
    /// `validation`: nil: the last epoch's model is kept. `start`: where the weights come from. `workers`: threads that read images; nil:
    /// a default for this machine. `shuffleBounds`: how much of a stream is held to be shuffled.
    /// - Throws: ``TaskError``, `DatasetError`, `NetworkError`, `WeightsError` or `TorchError`, before anything is written.
    public init(
        hyperparameters given: DetectionHyperparameters, training: DetectionSource, validation: DetectionSource?,
        start: InitialWeights = .random, device: Device, workers: Int? = nil, shuffleBounds: ShuffleBounds = ShuffleBounds()
    ) throws {
        var settings = given
        notes = try settings.training.adopt(training)
        hyperparameters = settings
        classNames = training.classNames
        architecture = try DetectionArchitecture(
            base: settings.baseNetwork.rawValue, classes: classNames.count, size: settings.imageShape)
        let preprocessing = architecture.preprocessing
        self.preprocessing = preprocessing
        detector = try architecture.makeNetwork(seed: UInt64(settings.seed))
        try start.fill(detector, architecture: architecture)
        network = detector
        notes += try settings.training.freeze(
            detector, isFresh: start.isRandom && !settings.usePretrainedModel, otherNames: architecture.mxnetNames)
        try network.move(to: device)
        self.device = device
        precision = settings.reducedPrecision(on: device)
        notes += try settings.training.notes(on: device)
        self.training = training
        self.shuffleBounds = shuffleBounds
        transform = DetectionTransform(preprocessing, augments: true)
        anchors = try detector.anchors.tensor(on: device)
        loss = try MultiBoxLoss(anchors: anchors, size: settings.imageShape)
        if case .dataset? = validation { keepsScores = true } else { keepsScores = false }
        evaluation = try validation.map {
            try DetectionEvaluation(
                source: $0, preprocessing: preprocessing, batchSize: min(settings.miniBatchSize, 16), overlap: settings.overlapThreshold,
                device: device, workers: workers)
        }
    }

    /// Training images an epoch.
    public var exampleCount: Int? { training.count }
    /// `mini_batch_size`.
    public var miniBatchSize: Int { hyperparameters.miniBatchSize }
    /// Updates an epoch; the partial last mini-batch is left out.
    public var stepsPerEpoch: Int? { training.stepsPerEpoch(batchSize: hyperparameters.miniBatchSize, share: share.training) }

    /// Starts to load training mini-batches.
    public func load(
        epochs: Range<Int>, firstBatch: Int, workers: Int?, unreadable: UnreadablePolicy
    ) throws -> BatchLoader<DetectionBatchBuilder> {
        let seed = UInt64(hyperparameters.seed)
        return try training.loadTraining(
            batchSize: hyperparameters.miniBatchSize, share: share.training, seed: seed, bounds: shuffleBounds, epochs: epochs,
            firstBatch: firstBatch, workers: workers, unreadable: unreadable
        ) { DetectionBatchBuilder(record: $0, transform: transform, seed: seed) }
    }

    /// Forward pass and loss of a mini-batch.
    public func step(_ batch: DetectionBatch) throws -> StepOutput {
        let input = try batch.input(
            mean: preprocessing.mean, std: preprocessing.std, dtype: precision == .bfloat16 ? .bfloat16 : .float32, device: device)
        let targets = try batch.targets(device: device)
        let parts = try loss(detector(input), boxes: targets.boxes, classes: targets.classes)
        // Eight anchors take on an object of a picture, or about as many.
        return StepOutput(
            loss: try parts.classification + parts.regression,
            lossParts: [
                (name: "cross_entropy", mean: try parts.classification.detached()),
                (name: "smooth_l1", mean: try parts.regression.detached()),
            ], weight: batch.count, examples: batch.count, terms: (parts.matched, 8))
    }

    /// Finds the objects of every validation image once, with the preprocessing of prediction.
    public func validate(progress: (Int, Int?) throws -> Void) throws -> [MetricValue]? {
        guard let evaluation else { return nil }
        network.train(false)
        defer { network.train(true) }
        // Prepared anew each time: the weights have changed.
        let plan = try detector.inferencePlan(precision: precision ?? .float32, device: device)
        var scores: [DetectionImageScore] = []
        let metrics = try evaluation.run(
            pass: validations, share: share, postprocessor: hyperparameters.postprocessor(), anchors: anchors, progress: progress,
            scored: keepsScores ? { scores.append($0) } : nil
        ) { try plan($0) }
        lastScores = scores
        validations += 1
        lastValidation = metrics
        scoreThreshold = metrics.operatingPoint?.threshold
        return metrics.values
    }

    /// The model as its file describes it: where there was a validation, with the score from which its boxes are best taken for objects.
    public func describe(metrics: [String: Double]) -> ModelDescription {
        var metrics = metrics
        if !metrics.isEmpty, let scoreThreshold { metrics[OperatingPoint.metric] = scoreThreshold }
        return ModelDescription(
            task: "detection", network: architecture.name, classes: classNames, preprocessing: preprocessing,
            hyperparameters: hyperparameters.resolved, metrics: metrics)
    }
}

extension DetectionHyperparameters {
    /// What makes objects of the network's output: `nms_threshold` and `nms_topk` are part of the model.
    func postprocessor(scoreThreshold: Double = 0.01) throws -> DetectionPostprocessor {
        try DetectionPostprocessor(
            scoreThreshold: scoreThreshold, nmsThreshold: nmsThreshold, candidates: nmsTopK, size: imageShape)
    }
}
