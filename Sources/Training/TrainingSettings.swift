import Torch

/// What the loop needs to know besides the task.
public struct TrainingSettings: Sendable {
    /// Passes over the training set.
    public var epochs: Int
    /// The optimiser.
    public var rule: UpdateRule
    /// L2 decay of the weights that decay.
    public var weightDecay: Double
    /// The rate at the start.
    public var learningRate: Double
    /// How the rate changes.
    public var schedule: LearningRateSchedule
    /// nil: all epochs.
    public var earlyStopping: EarlyStopping?
    /// Keep the weights of every n-th epoch.
    public var checkpointFrequency: Int?
    /// The longest that training goes on between two checkpoints, which are also written in the middle of an epoch; nil: only at its end.
    public var checkpointInterval: Duration?
    /// Everything that changes what is learned, as text: a resumed run must agree.
    public var fingerprint: [String: String]
    /// The fingerprint's name of the classes.
    public static let classes = "classes"
    /// The fingerprint's name of whether there are validation data.
    public static let validation = "validation"
    /// Threads that read data; nil: a default for this machine.
    public var workers: Int?
    /// Images that can't be read and are left out, at most; 0: the first one stops the run.
    public var unreadableLimit = 0
    /// Whether a run that is interrupted before its first epoch has ended leaves its weights as a model: what a container's platform takes
    /// away is the model, not the checkpoint.
    public var keepsModelWhenInterrupted = false

    /// Whether batch normalisation takes its statistics over all processes that train together.
    public var sharesNormStatistics = false

    /// Whether the loss is scaled (`LossScaler`) though products are not in float16, where it always is.
    public var scalesLoss = false

    /// Gathers settings.
    public init(
        epochs: Int, rule: UpdateRule, weightDecay: Double, learningRate: Double, schedule: LearningRateSchedule = .constant,
        earlyStopping: EarlyStopping? = nil, checkpointFrequency: Int? = nil, fingerprint: [String: String] = [:],
        workers: Int? = nil
    ) {
        self.epochs = epochs
        self.rule = rule
        self.weightDecay = weightDecay
        self.learningRate = learningRate
        self.schedule = schedule
        self.earlyStopping = earlyStopping
        self.checkpointFrequency = checkpointFrequency
        self.fingerprint = fingerprint
        self.workers = workers
    }
}
