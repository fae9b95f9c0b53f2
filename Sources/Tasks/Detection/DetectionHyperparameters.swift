/// The hyperparameters of object detection, with SageMaker's names, ranges and defaults (`spec/object-detection.md`), and a few of our own,
/// marked.
@dynamicMemberLookup
public struct DetectionHyperparameters: Sendable, Equatable {
    /// The network whose maps are searched for objects.
    public enum BaseNetwork: String, CaseIterable, Sendable {
        case vgg16 = "vgg-16"
        case resNet50 = "resnet-50"
        /// Ours.
        case resNet18 = "resnet-18"
        /// Ours.
        case resNet34 = "resnet-34"
        /// Ours.
        case resNet101 = "resnet-101"
    }

    /// The optimiser's name.
    public enum OptimizerName: String, CaseIterable, Sendable { case sgd, adam, rmsprop, adadelta }

    /// What every task has; `num_classes` counts without the background.
    public var training = TrainingHyperparameters(learningRate: 0.001, weightDecay: 0.0005)
    /// The network whose maps are searched for objects.
    public var baseNetwork = BaseNetwork.vgg16
    /// Start from ImageNet weights. The guide says 1, but every published default file of the original's container holds 0.
    public var usePretrainedModel = false
    /// Side of the square that every image is stretched to, in pixels.
    public var imageShape = 300
    /// Room for an image's label in numbers: a header of two, then five an object; nil: as much as the data need. (The original takes 350
    /// then, and refuses a picture of more than 69 objects.)
    public var labelWidth: Int?
    /// The optimiser.
    public var optimizer = OptimizerName.sgd
    /// Intersection over union from which on a detection is right, in mAP.
    public var overlapThreshold = 0.5
    /// Intersection over union above which the less certain of two detections of a class is dropped.
    public var nmsThreshold = 0.45
    /// Detections that enter the suppression of overlapping ones, the most certain first.
    public var nmsTopK = 400

    /// The defaults.
    public init() {}

    /// The properties of ``training``, as if they were these hyperparameters' own.
    public subscript<Value>(dynamicMember path: WritableKeyPath<TrainingHyperparameters, Value>) -> Value {
        get { training[keyPath: path] }
        set { training[keyPath: path] = newValue }
    }

    /// The names that a job may set; names with a leading underscore, which are the platform's own, are let pass.
    public static let names =
        TrainingHyperparameters.names + [
            "base_network", "use_pretrained_model", "image_shape", "label_width", "optimizer", "overlap_threshold",
            "nms_threshold", "nms_topk",
        ]

    /// Whether both resolve to the same settings.
    public static func == (a: Self, b: Self) -> Bool { a.resolved == b.resolved }
}
