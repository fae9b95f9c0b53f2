/// What a reader wants to know of a run that its events do not tell: the data and the settings.
public struct RunContext: Sendable {
    /// The task, such as `image classification`.
    public var task: String
    /// Class names; the position is the class id.
    public var classes: [String]
    /// What the training images were read from.
    public var trainingSource: String
    /// Training images; nil for a stream of unknown length.
    public var trainingImages: Int?
    /// What the validation images were read from; nil: there are none.
    public var validationSource: String?
    /// Validation images, 0 where there are none; nil for a stream of unknown length.
    public var validationImages: Int?
    /// Channels, height and width of the network's input.
    public var imageShape: (channels: Int, height: Int, width: Int)
    /// Whether the network takes images of any size, and ``imageShape`` is that of the crops that it is trained on.
    public var takesAnySize = false
    /// Where the first weights come from, for people: `random weights`.
    public var start: String
    /// The hyperparameters as they were resolved.
    public var hyperparameters: [String: String]
    /// The defaults, to tell what was chosen.
    public var defaults: [String: String]

    /// Gathers what there is to know.
    public init(
        task: String, classes: [String], training: (source: String, images: Int?), validation: (source: String, images: Int?)?,
        imageShape: (channels: Int, height: Int, width: Int), start: String, hyperparameters: [String: String], defaults: [String: String]
    ) {
        self.task = task
        self.classes = classes
        trainingSource = training.source
        trainingImages = training.images
        validationSource = validation?.source
        validationImages = validation.map(\.images) ?? 0
        self.imageShape = imageShape
        self.start = start
        self.hyperparameters = hyperparameters
        self.defaults = defaults
    }

    /// Settings that differ from the defaults and were not counted in the data.
    public var chosenHyperparameters: [(name: String, value: String)] {
        hyperparameters.filter { !["num_classes", "num_training_samples"].contains($0.key) && defaults[$0.key] != $0.value }
            .map { (name: $0.key, value: $0.value) }
            .sorted { $0.name < $1.name }
    }
}
