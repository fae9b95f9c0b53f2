import Networks

/// The hyperparameters of semantic segmentation, with SageMaker's names, ranges and defaults (`spec/semantic-segmentation.md`), and a few of
/// our own, marked.
@dynamicMemberLookup
public struct SegmentationHyperparameters: Sendable, Equatable {
    /// The classifier whose stages the network is built on, dilated so that the last map has an eighth of the sides.
    public enum Backbone: String, CaseIterable, Sendable {
        case resNet50 = "resnet-50"
        case resNet101 = "resnet-101"
        /// Ours.
        case resNet18 = "resnet-18"
        /// Ours.
        case resNet34 = "resnet-34"
    }

    /// The optimiser's name.
    public enum OptimizerName: String, CaseIterable, Sendable {
        case sgd, adam, adagrad, nag, rmsprop
        /// Named by the guide's page on tuning only.
        case adadelta
    }

    /// What every task has; `num_classes` counts the background.
    public var training: TrainingHyperparameters
    /// What is built on the backbone.
    public var algorithm = SegmentationAlgorithm.fcn
    /// The classifier that the network is built on.
    public var backbone = Backbone.resNet50
    /// Start from ImageNet weights; what follows the backbone always starts fresh.
    public var usePretrainedModel = true
    /// The long side of training images becomes ½ to 2 times this, in pixels.
    public var baseSize = 520
    /// Sides of the square that is cut out of them, in pixels; a multiple of 8.
    public var cropSize = 240
    /// 1: validation scores whole images; more: crops of `crop_size`, as many at a time. Nil: whole images, too, where the contract's
    /// default is 16: the original crops because a new size costs it a new graph, and what a user wants to know is what prediction, which
    /// sees whole images, is worth.
    public var validationMiniBatchSize: Int?
    /// The optimiser.
    public var optimizer = OptimizerName.sgd
    /// For rmsprop: decay of the squared gradient.
    public var gamma1 = 0.9
    /// For rmsprop: momentum.
    public var gamma2 = 0.9
    /// Batch statistics over the samples of all GPUs; it matters where there are several.
    public var synchronizesBatchNorm = false

    /// The defaults.
    public init() {
        training = TrainingHyperparameters(learningRate: 0.001, weightDecay: 0.0001)
        training.scheduler = .poly
        training.miniBatchSize = 16
        training.epochs = 10
        training.earlyStoppingMinEpochs = 5
        training.earlyStoppingPatience = 4
    }

    /// The properties of ``training``, as if they were these hyperparameters' own.
    public subscript<Value>(dynamicMember path: WritableKeyPath<TrainingHyperparameters, Value>) -> Value {
        get { training[keyPath: path] }
        set { training[keyPath: path] = newValue }
    }

    /// The names that a job may set; names with a leading underscore, which are the platform's own, are let pass.
    public static let names =
        TrainingHyperparameters.names + [
            "algorithm", "backbone", "use_pretrained_model", "base_size", "crop_size", "validation_mini_batch_size", "optimizer", "gamma1",
            "gamma2", "syncbn",
        ]

    /// Whether both resolve to the same settings.
    public static func == (a: Self, b: Self) -> Bool { a.resolved == b.resolved }
}
