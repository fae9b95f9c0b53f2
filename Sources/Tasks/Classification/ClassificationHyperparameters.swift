/// The hyperparameters of image classification, with SageMaker's names, ranges and defaults
/// (`spec/image-classification.md`), and a few of our own, marked.
@dynamicMemberLookup
public struct ClassificationHyperparameters: Sendable, Equatable {
    /// How training images are varied.
    public enum Augmentation: String, CaseIterable, Sendable {
        /// Random crop and horizontal flip.
        case crop
        /// The same, and a random shift in HLS colour space.
        case cropColor = "crop_color"
        /// The same, and a random rotation, shear and aspect ratio.
        case cropColorTransform = "crop_color_transform"
        /// Ours: a random part of 8 to 100 % of the area at a ratio of 3/4 to 4/3, scaled to the input, and flip (torchvision's recipe).
        case randomResizedCrop = "random_resized_crop"
    }

    /// The optimiser's name.
    public enum OptimizerName: String, CaseIterable, Sendable { case sgd, adam, rmsprop, nag }

    /// What every task has.
    public var training = TrainingHyperparameters(learningRate: 0.1, weightDecay: 0.0001)
    /// Depth of the network.
    public var numLayers = 152
    /// Channels, height and width of the input.
    public var imageShape = (channels: 3, height: 224, width: 224)
    /// Start from ImageNet weights.
    public var usePretrainedModel = false
    /// nil: centre crop without variation.
    public var augmentation: Augmentation?
    /// The shorter side before the crop; nil: see ``resolvedResize(imagesAreFiles:)``.
    public var resize: Int?
    /// The optimiser.
    public var optimizer = OptimizerName.sgd
    /// adam.
    public var beta1 = 0.9
    /// adam.
    public var beta2 = 0.999
    /// adam, rmsprop.
    public var eps = 1e-8
    /// rmsprop.
    public var gamma = 0.9
    /// Several classes an image.
    public var multiLabel = false
    /// Weighs the classes of a multi-label set by how rare they are.
    public var useWeightedLoss = false
    /// Ours: the share of each training target that all classes have alike, 0…1. Validation's loss has none of it.
    public var labelSmoothing = 0.0
    /// Also report whether the right class is among the k most likely.
    public var topK: Int?
    /// Keep a checkpoint in the model every n epochs.
    public var checkpointFrequency: Int?
    /// The properties of ``training``, as if they were these hyperparameters' own.
    public subscript<Value>(dynamicMember path: WritableKeyPath<TrainingHyperparameters, Value>) -> Value {
        get { training[keyPath: path] }
        set { training[keyPath: path] = newValue }
    }

    /// The defaults.
    public init() {}

    /// The names that a job may set.
    public static let names =
        TrainingHyperparameters.names + [
            "num_layers", "image_shape", "use_pretrained_model", "augmentation_type", "resize", "optimizer", "beta_1", "beta_2", "eps",
            "gamma", "multi_label", "use_weighted_loss", "label_smoothing", "top_k", "checkpoint_frequency",
        ]

    /// Whether both resolve to the same settings.
    public static func == (a: Self, b: Self) -> Bool { a.resolved == b.resolved }
}
