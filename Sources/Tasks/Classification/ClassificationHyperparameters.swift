import Networks
import Torch

/// The hyperparameters of image classification, with SageMaker's names, ranges and defaults
/// (`spec/image-classification.md`), and a few of our own, marked.
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

    /// The precision of products in training; weights stay float32.
    public enum Precision: String, CaseIterable, Sendable {
        case float32, float16
        /// Ours.
        case bfloat16
        /// Ours, and what is used when nothing is said: bfloat16 where the device multiplies it natively, otherwise float32.
        case auto
    }

    /// Accepted for jobs that name it; it matters with several machines only.
    public enum KeyValueStore: String, CaseIterable, Sendable {
        case distSync = "dist_sync"
        case distAsync = "dist_async"
    }

    /// Outputs of the network; nil: counted in the data.
    public var numClasses: Int?
    /// Training images; nil: counted in the data.
    public var numTrainingSamples: Int?
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
    /// Images in a training step.
    public var miniBatchSize = 32
    /// Passes over the training set.
    public var epochs = 30
    /// The optimiser.
    public var optimizer = OptimizerName.sgd
    /// The rate at the start.
    public var learningRate = 0.1
    /// What the rate is multiplied by at each step of the schedule.
    public var schedulerFactor = 0.1
    /// Epochs after which the factor is applied.
    public var schedulerSteps: [Int] = []
    /// sgd, nag.
    public var momentum = 0.9
    /// sgd, nag.
    public var weightDecay = 0.0001
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
    /// Also report whether the right class is among the k most likely.
    public var topK: Int?
    /// Precision of training.
    public var precision = Precision.auto
    /// Keep a checkpoint in the model every n epochs.
    public var checkpointFrequency: Int?
    /// Stop when the objective no longer improves.
    public var earlyStopping = false
    /// Epochs before which training never stops early.
    public var earlyStoppingMinEpochs = 10
    /// Epochs without improvement that are tolerated.
    public var earlyStoppingPatience = 5
    /// Relative improvement below which there is none.
    public var earlyStoppingTolerance = 0.0
    /// Several machines.
    public var kvStore: KeyValueStore?
    /// Ours: seed of weights, order and augmentation.
    public var seed = 0

    /// The defaults.
    public init() {}

    /// The names that a job may set.
    public static let names = [
        "num_classes", "num_training_samples", "num_layers", "image_shape", "use_pretrained_model", "augmentation_type", "resize",
        "mini_batch_size", "epochs", "optimizer", "learning_rate", "lr_scheduler_factor", "lr_scheduler_step", "momentum", "weight_decay",
        "beta_1", "beta_2", "eps", "gamma", "multi_label", "use_weighted_loss", "top_k", "precision_dtype", "checkpoint_frequency",
        "early_stopping", "early_stopping_min_epochs", "early_stopping_patience", "early_stopping_tolerance", "kv_store", "seed",
    ]

    /// Whether both resolve to the same settings.
    public static func == (a: Self, b: Self) -> Bool { a.resolved == b.resolved }
}
