import Datasets
import Networks
import Torch
import Weights

/// Semantic segmentation as the training loop sees it.
///
/// The loss is the mean cross-entropy of labelled pixels, and half of the auxiliary head's besides (GluonCV's `aux_weight`, which the
/// original's container prints as `_aux_weight 0.5`). All layers learn at one rate: GluonCV's script gives the heads ten times the rate, but
/// nothing published says that the original does, and its log prints a single one.
public final class SegmentationTask: TrainingTask {
    /// The network in training.
    public let network: any Module
    /// Where it trains.
    public let device: Device
    /// The precision of products in training; nil: float32.
    public let precision: DType?
    /// The mean intersection over union over all classes.
    public let objective = "mIOU"

    /// What of the work is this process's.
    public var share = RankShare()
    /// Things a user should know before training begins, one sentence each.
    public private(set) var notes: [String] = []
    /// The hyperparameters, with what the data filled in.
    public let hyperparameters: SegmentationHyperparameters
    /// The network's architecture.
    public let architecture: SegmentationArchitecture
    /// The counts of the last validation.
    public private(set) var lastValidation: SegmentationMetrics?
    /// What the last validation made of each image of this process's part; empty where crops were scored.
    public private(set) var lastScores: [SegmentationImageScore] = []

    /// What the auxiliary head's loss counts.
    static let auxiliaryWeight = 0.5

    private let segmenter: any SegmentationNetwork
    private let preprocessing: PreprocessingDescription
    private let classNames: [String]
    private let training: SegmentationSource
    private let transform: SegmentationTransform
    private let shuffleBounds: ShuffleBounds
    private let evaluation: SegmentationEvaluation?
    private var validations = 0
    /// Whether images of the validation set can be looked at again: not those of a stream.
    private let keepsScores: Bool

    /// Prepares training: checks that data, hyperparameters and initial weights fit, and builds the network.
    ///
    /// `validation`: nil: the last epoch's model is kept. `start`: where the weights come from. `workers`: threads that read images; nil:
    /// a default for this machine. `shuffleBounds`: how much of a stream is held to be shuffled.
    /// - Throws: ``TaskError``, `DatasetError`, `NetworkError`, `WeightsError` or `TorchError`, before anything is written.
    public init(
        hyperparameters given: SegmentationHyperparameters, training: SegmentationSource, validation: SegmentationSource?,
        start: InitialWeights = .random, device: Device, workers: Int? = nil, shuffleBounds: ShuffleBounds = ShuffleBounds()
    ) throws {
        var settings = given
        notes = try settings.training.adopt(training)
        hyperparameters = settings
        classNames = training.classNames
        architecture = try SegmentationArchitecture(
            algorithm: settings.algorithm, backbone: settings.backbone.rawValue, classes: classNames.count)
        var preprocessing = architecture.preprocessing
        (preprocessing.height, preprocessing.width) = (settings.cropSize, settings.cropSize)
        self.preprocessing = preprocessing
        segmenter = try architecture.makeNetwork(seed: UInt64(settings.seed), hasAuxiliary: true)
        try start.fill(segmenter, architecture: architecture)
        notes += try settings.training.freeze(segmenter, isFresh: start.isRandom && !settings.usePretrainedModel)
        network = segmenter
        try network.move(to: device)
        self.device = device
        precision = settings.reducedPrecision(on: device)
        self.training = training
        self.shuffleBounds = shuffleBounds
        transform = .training(preprocessing, baseSize: settings.baseSize)
        if case .dataset? = validation { keepsScores = true } else { keepsScores = false }
        evaluation = try validation.map {
            try SegmentationEvaluation(
                source: $0, preprocessing: preprocessing, extent: settings.validationExtent, device: device, workers: workers)
        }
        notes += try settings.notes(on: device)
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
    ) throws -> BatchLoader<SegmentationBatchBuilder> {
        let seed = UInt64(hyperparameters.seed)
        return try training.loadTraining(
            batchSize: hyperparameters.miniBatchSize, share: share.training, seed: seed, bounds: shuffleBounds, epochs: epochs,
            firstBatch: firstBatch, workers: workers, unreadable: unreadable
        ) { SegmentationBatchBuilder(record: $0, transform: transform, seed: seed) }
    }

    /// Forward pass and loss of a mini-batch. A mini-batch without a labelled pixel has a loss of 0.
    public func step(_ batch: SegmentationBatch) throws -> StepOutput {
        let input = try batch.input(
            mean: preprocessing.mean, std: preprocessing.std, dtype: precision == .bfloat16 ? .bfloat16 : .float32, device: device)
        let targets = try batch.targets(device: device)
        let output = try segmenter(input)
        let main = try segmentationLoss(output.logits, targets: targets)
        var loss = main.loss
        if let auxiliary = output.auxiliary {
            loss = try loss + segmentationLoss(auxiliary, targets: targets).loss * Self.auxiliaryWeight
        }
        return StepOutput(
            loss: loss, sums: [(name: "pixel_accuracy", sum: main.correct)], weight: batch.labelledPixels, examples: batch.count,
            terms: (main.labelled, Double(preprocessing.height * preprocessing.width)))
    }

    /// Finds the classes of every validation image once.
    public func validate(progress: (Int, Int?) throws -> Void) throws -> [MetricValue]? {
        guard let evaluation else { return nil }
        network.train(false)
        defer { network.train(true) }
        // Prepared anew each time: the weights have changed.
        let plan = try segmenter.inferencePlan(precision: precision ?? .float32, device: device)
        var scores: [SegmentationImageScore] = []
        let metrics = try evaluation.run(
            pass: validations, share: share, progress: progress, scored: keepsScores ? { scores.append($0) } : nil
        ) { try plan($0) }
        lastScores = scores
        validations += 1
        lastValidation = metrics
        return metrics.values
    }

    /// The model as its file describes it.
    public func describe(metrics: [String: Double]) -> ModelDescription {
        ModelDescription(
            task: "segmentation", network: architecture.name, classes: classNames, preprocessing: preprocessing,
            hyperparameters: hyperparameters.resolved, metrics: metrics)
    }
}

extension SegmentationHyperparameters {
    /// What of validation images is scored: see ``validationMiniBatchSize``.
    public var validationExtent: SegmentationEvaluation.Extent {
        guard let count = validationMiniBatchSize, count > 1 else { return .whole }
        return .crops(count)
    }

    /// What a user should know of the settings on `device`, one sentence each.
    func notes(on device: Device) throws -> [String] {
        var notes = try training.notes(on: device)
        if case .crops(let count) = validationExtent {
            notes.append(
                "validation_mini_batch_size \(count) scores crops of \(cropSize)×\(cropSize) pixels, as the original does; 1, or nothing, scores whole images."
            )
        }
        return notes
    }
}
