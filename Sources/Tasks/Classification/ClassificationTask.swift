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
    /// The share of right answers on the validation set.
    public let objective = "accuracy"

    /// What of the work is this process's.
    public var share = RankShare()
    /// Things a user should know before training begins, one sentence each.
    public private(set) var notes: [String] = []
    /// The hyperparameters, with what the data filled in.
    public let hyperparameters: ClassificationHyperparameters
    /// The network's architecture.
    public let architecture: ClassificationArchitecture
    /// The counts of the last validation.
    public private(set) var lastValidation: ClassificationMetrics?
    /// What of this process's part the last validation found wrong.
    public private(set) var lastMistakes: [ClassificationMistake] = []

    private let classifier: any ClassificationNetwork
    private let preprocessing: PreprocessingDescription
    private let classNames: [String]
    private let training: ClassificationSource
    private let transform: ClassificationTransform
    private let shuffleBounds: ShuffleBounds
    private let evaluation: ClassificationEvaluation?
    private var validations = 0
    /// Whether images of the validation set can be looked at again: not those of a stream.
    private let keepsScores: Bool
    private(set) var loss: ClassificationLoss
    /// How often each class is there, and of how many images, where the loss weighs classes by it.
    private let classCounts: (present: [Int], images: Int)?

    /// Prepares training: checks that data, hyperparameters and initial weights fit, and builds the network.
    ///
    /// `validation`: nil: the last epoch's model is kept. `start`: where the weights come from. `workers`: threads that read images; nil:
    /// a default for this machine. `shuffleBounds`: how much of a stream is held to be shuffled.
    /// - Throws: ``TaskError``, `DatasetError`, `NetworkError`, `WeightsError` or `TorchError`, before anything is written.
    public init(
        hyperparameters given: ClassificationHyperparameters, training: ClassificationSource, validation: ClassificationSource?,
        start: InitialWeights = .random, device: Device, workers: Int? = nil, shuffleBounds: ShuffleBounds = ShuffleBounds()
    ) throws {
        var settings = given
        notes = try settings.training.adopt(training)
        guard (training.labelKind == .multi) == settings.multiLabel else {
            throw TaskError(
                settings.multiLabel
                    ? "multi_label is 1, but \(training.source) has one label an image. Set multi_label to 0, or give a list with one column a class."
                    : "\(training.source) has several labels an image. Set multi_label to 1.")
        }
        if settings.resize == nil, let resize = settings.resolvedResize(imagesAreFiles: training.imagesAreFiles) {
            notes.append("resize is not set: the shorter side is scaled to \(resize) pixels before the crop.")
            settings.resize = resize
        }
        if let topK = settings.topK, topK > training.classNames.count {
            throw TaskError(
                "top_k is \(topK), more than the \(training.classNames.count) classes of \(training.source). Make it less, or leave it out."
            )
        }
        hyperparameters = settings
        classNames = training.classNames
        preprocessing = PreprocessingDescription(
            channels: settings.imageShape.channels, height: settings.imageShape.height, width: settings.imageShape.width,
            resizeShorterSide: settings.resize)
        if case .dataset(let dataset) = training, let note = Self.enlargement(of: dataset, for: preprocessing) { notes.append(note) }
        architecture = try ClassificationArchitecture(
            depth: settings.numLayers, classes: classNames.count, channels: settings.imageShape.channels)
        classifier = try architecture.makeNetwork(seed: UInt64(settings.seed))
        try start.fill(classifier, architecture: architecture)
        notes += try settings.training.freeze(classifier, isFresh: start.isRandom && !settings.usePretrainedModel)
        network = classifier
        try network.move(to: device)
        self.device = device
        precision = settings.reducedPrecision(on: device)
        notes += try settings.training.notes(on: device)
        self.training = training
        self.shuffleBounds = shuffleBounds
        transform = ClassificationTransform(
            preprocessing, augmentation: settings.augmentation, cropPadding: architecture.isSmall ? max(preprocessing.height / 8, 1) : 0)
        if case .dataset? = validation { keepsScores = true } else { keepsScores = false }
        if let validation {
            evaluation = try ClassificationEvaluation(
                source: validation, preprocessing: preprocessing, batchSize: settings.miniBatchSize, topK: settings.topK, device: device,
                workers: workers)
        } else {
            evaluation = nil
        }
        if settings.useWeightedLoss {
            guard case .dataset(let dataset) = training else {
                throw TaskError(
                    "use_weighted_loss is 1, but \(training.source) is a stream, whose labels can't be counted in advance. Set it to 0, or use the data as files."
                )
            }
            classCounts = (dataset.histogram, dataset.count)
        } else {
            classCounts = nil
        }
        loss = try ClassificationLoss(
            multiLabel: settings.multiLabel, smoothing: settings.labelSmoothing,
            weights: classCounts.map { ClassificationLoss.balancingWeights(present: $0.present.map(Double.init), of: Double($0.images)) },
            device: device)
    }

    /// Classes weigh by what is there on all hosts together.
    public func meet() throws {
        guard let classCounts, let exchange = share.exchange else { return }
        // Processes that see the same data have one voice.
        let voice = share.training.part == 0 ? 1.0 : 0
        let own = ([classCounts.images] + classCounts.present).map { Double($0) * voice }
        let sums = try exchange.gather(own).reduce([Double](repeating: 0, count: own.count)) { sums, numbers in
            zip(sums, numbers).map { $0 + $1 }
        }
        loss = try ClassificationLoss(
            multiLabel: hyperparameters.multiLabel, smoothing: hyperparameters.labelSmoothing,
            weights: ClassificationLoss.balancingWeights(present: Array(sums.dropFirst()), of: sums[0]), device: device)
    }

    /// Prepares training on data sets that are read in any order; see the other initializer.
    /// - Throws: as the other.
    public convenience init(
        hyperparameters: ClassificationHyperparameters, training: ClassificationDataset, validation: ClassificationDataset?,
        start: InitialWeights = .random, device: Device, workers: Int? = nil
    ) throws {
        try self.init(
            hyperparameters: hyperparameters, training: .dataset(training), validation: validation.map { .dataset($0) }, start: start,
            device: device, workers: workers)
    }

    /// A note where images are smaller than the input, which the original refuses; a few spread over the data are looked at.
    private static func enlargement(of dataset: ClassificationDataset, for input: PreprocessingDescription) -> String? {
        let step = max(1, dataset.count / 20)
        for index in stride(from: 0, to: dataset.count, by: step) {
            guard let record = try? dataset.record(at: index), let size = try? EncodedPicture(record.payload).size else { continue }
            if size.width < input.width || size.height < input.height {
                return "\(record.id) has \(size.width)×\(size.height) pixels, and image_shape asks for \(input.width)×\(input.height): "
                    + "images that are too small are enlarged."
            }
        }
        return nil
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
    ) throws -> BatchLoader<ClassificationBatchBuilder> {
        let seed = UInt64(hyperparameters.seed)
        return try training.loadTraining(
            batchSize: hyperparameters.miniBatchSize, share: share.training, seed: seed, bounds: shuffleBounds, epochs: epochs,
            firstBatch: firstBatch, workers: workers, unreadable: unreadable
        ) { ClassificationBatchBuilder(record: $0, transform: transform, seed: seed) }
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
    public func validate(progress: (Int, Int?) throws -> Void) throws -> [MetricValue]? {
        guard let evaluation else { return nil }
        network.train(false)
        defer { network.train(true) }
        var mistakes: [ClassificationMistake] = []
        let metrics = try evaluation.run(
            pass: validations, share: share, progress: progress, mistaken: keepsScores ? { mistakes.append($0) } : nil
        ) { input in
            try withAutocast(to: precision, on: device) { try classifier(input) }
        }
        lastMistakes = mistakes
        validations += 1
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
