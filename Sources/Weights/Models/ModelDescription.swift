import Foundation

/// What a model is, apart from its weights: everything that prediction needs, so that no caller has to know how it was trained.
public struct ModelDescription: Codable, Equatable, Sendable {
    /// The version of this description's form.
    public static let currentVersion = 1

    /// The version of the form that it was written in.
    public var formatVersion = ModelDescription.currentVersion
    /// `classification`.
    public var task: String
    /// The network's name, such as `resnet-50` or `cifar-resnet-20`.
    public var network: String
    /// Class names; the position is the class id.
    public var classes: [String]
    /// Whether an image may have several classes (independent sigmoids) or has one (softmax).
    public var multiLabel: Bool
    /// How an image becomes the network's input.
    public var preprocessing: PreprocessingDescription
    /// The hyperparameters as the run resolved them.
    public var hyperparameters: [String: String]
    /// What the model reached, such as `validation:accuracy`.
    public var metrics: [String: Double]

    /// Describes a model.
    public init(
        task: String, network: String, classes: [String], multiLabel: Bool = false, preprocessing: PreprocessingDescription,
        hyperparameters: [String: String] = [:], metrics: [String: Double] = [:]
    ) {
        self.task = task
        self.network = network
        self.classes = classes
        self.multiLabel = multiLabel
        self.preprocessing = preprocessing
        self.hyperparameters = hyperparameters
        self.metrics = metrics
    }
}

/// How an image becomes a network's input: one description for training, validation and prediction.
public struct PreprocessingDescription: Codable, Equatable, Sendable {
    /// Channels of the input: 3 for colour, 1 for grey.
    public var channels: Int
    /// Height of the input in pixels.
    public var height: Int
    /// Width of the input in pixels.
    public var width: Int
    /// The length in pixels to which an image's shorter side is scaled before the centre crop; nil: scaled only where it is too small.
    public var resizeShorterSide: Int?
    /// Subtracted after division by 255, one number a channel.
    public var mean: [Float]
    /// Divided by after that, one number a channel.
    public var std: [Float]

    /// The mean colour of ImageNet (RGB, 0…1), which nearly all published weights expect.
    public static let imageNetMean: [Float] = [0.485, 0.456, 0.406]
    /// The deviation that goes with it.
    public static let imageNetStd: [Float] = [0.229, 0.224, 0.225]

    /// Describes a preprocessing; grey inputs take the mean over ImageNet's colours.
    public init(channels: Int, height: Int, width: Int, resizeShorterSide: Int? = nil) {
        self.channels = channels
        self.height = height
        self.width = width
        self.resizeShorterSide = resizeShorterSide
        mean = channels == 3 ? Self.imageNetMean : [Float](repeating: 0.449, count: channels)
        std = channels == 3 ? Self.imageNetStd : [Float](repeating: 0.226, count: channels)
    }
}
