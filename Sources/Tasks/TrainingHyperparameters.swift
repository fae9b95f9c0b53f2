import Datasets
import Networks
import Torch

/// The hyperparameters that every task has, with SageMaker's names (`spec/hyperparameters.md`): data, schedule, precision, early stopping.
///
/// Tasks hold one and answer for its properties as if they were their own.
public struct TrainingHyperparameters: Sendable, Equatable {
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
        /// One machine: what the original resolves an unset value to and writes into its models.
        case device
    }

    /// How the learning rate falls.
    public enum Scheduler: String, CaseIterable, Sendable {
        /// By `lr_scheduler_factor` after each epoch of `lr_scheduler_step`; constant where there is none.
        case step
        /// (1 − t / T)^0.9, t counted in updates.
        case poly
        /// Half a cosine to 0.
        case cosine
    }

    /// Classes; nil: counted in the data.
    public var numClasses: Int?
    /// Training images; nil: counted in the data.
    public var numTrainingSamples: Int?
    /// Images in a training step.
    public var miniBatchSize = 32
    /// Passes over the training set.
    public var epochs = 30
    /// The rate at the start.
    public var learningRate: Double
    /// How the rate falls; SageMaker's for segmentation, ours for the others.
    public var scheduler = Scheduler.step
    /// Ours: epochs, or a part of one, over which the rate rises linearly to what the schedule says (Goyal et al. 2017, section 2.2).
    public var warmupEpochs = 0.0
    /// What the rate is multiplied by at each step of the schedule.
    public var schedulerFactor = 0.1
    /// Epochs after which the factor is applied.
    public var schedulerSteps: [Int] = []
    /// For optimisers with a velocity.
    public var momentum = 0.9
    /// L2 decay, for the optimisers that the contract says.
    public var weightDecay: Double
    /// Precision of training.
    public var precision = Precision.auto
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
    /// A regular expression: parameters whose names it matches from the start are not trained. SageMaker's for detection, ours for the others.
    public var freezeLayerPattern: String?
    /// Ours: seed of weights, order and augmentation.
    public var seed = 0

    /// The defaults, with those that differ between tasks.
    public init(learningRate: Double, weightDecay: Double) {
        self.learningRate = learningRate
        self.weightDecay = weightDecay
    }

    static let names = [
        "num_classes", "num_training_samples", "mini_batch_size", "epochs", "learning_rate", "lr_scheduler_factor", "lr_scheduler_step",
        "lr_scheduler", "lr_warmup_epochs", "momentum", "weight_decay", "precision_dtype", "early_stopping", "early_stopping_min_epochs",
        "early_stopping_patience", "early_stopping_tolerance", "freeze_layer_pattern", "kv_store", "seed",
    ]

    /// Takes what is given. `learns`: whether a learning rate of 0 is a fault.
    mutating func read(_ read: inout HyperparameterReader, learns: Bool) {
        let any = 1...HyperparameterReader.most
        let unit = 0.0...1.0
        numClasses = read.integer("num_classes", in: any)
        numTrainingSamples = read.integer("num_training_samples", in: any)
        miniBatchSize = read.integer("mini_batch_size", in: any) ?? miniBatchSize
        epochs = read.integer("epochs", in: any) ?? epochs
        learningRate = read.number("learning_rate", in: unit, aboveLowest: learns) ?? learningRate
        schedulerFactor = read.number("lr_scheduler_factor", in: unit) ?? schedulerFactor
        schedulerSteps = read.integers("lr_scheduler_step") ?? schedulerSteps
        scheduler = read.choice("lr_scheduler") ?? scheduler
        warmupEpochs = read.number("lr_warmup_epochs", in: 0...Double(max(1, epochs))) ?? warmupEpochs
        momentum = read.number("momentum", in: unit) ?? momentum
        weightDecay = read.number("weight_decay", in: unit) ?? weightDecay
        precision = read.choice("precision_dtype") ?? precision
        earlyStopping = read.flag("early_stopping") ?? earlyStopping
        earlyStoppingMinEpochs = read.integer("early_stopping_min_epochs", in: learns ? 0...Int.max : any) ?? earlyStoppingMinEpochs
        earlyStoppingPatience = read.integer("early_stopping_patience", in: learns ? 0...Int.max : any) ?? earlyStoppingPatience
        earlyStoppingTolerance = read.number("early_stopping_tolerance", in: unit) ?? earlyStoppingTolerance
        freezeLayerPattern = read.pattern("freeze_layer_pattern")
        kvStore = read.choice("kv_store")
        seed = read.integer("seed", in: 0...Int.max) ?? seed
        read.acceptInternalNames()
    }

    /// Every value under its SageMaker name, as text; momentum and weight decay are the optimiser's to write.
    var resolved: [String: String] {
        var values: [String: String] = [
            "mini_batch_size": "\(miniBatchSize)", "epochs": "\(epochs)", "learning_rate": "\(learningRate)",
            "lr_scheduler_factor": "\(schedulerFactor)", "precision_dtype": precision.rawValue,
            "early_stopping": earlyStopping ? "True" : "False", "seed": "\(seed)",
        ]
        values["num_classes"] = numClasses.map(String.init)
        values["num_training_samples"] = numTrainingSamples.map(String.init)
        values["lr_scheduler_step"] = schedulerSteps.isEmpty ? nil : list(schedulerSteps)
        values["kv_store"] = kvStore?.rawValue
        values["freeze_layer_pattern"] = freezeLayerPattern
        if warmupEpochs > 0 { values["lr_warmup_epochs"] = "\(warmupEpochs)" }
        if scheduler != .step {
            values["lr_scheduler"] = scheduler.rawValue
            values["lr_scheduler_factor"] = nil
            values["lr_scheduler_step"] = nil
        }
        if earlyStopping {
            values["early_stopping_min_epochs"] = "\(earlyStoppingMinEpochs)"
            values["early_stopping_patience"] = "\(earlyStoppingPatience)"
            values["early_stopping_tolerance"] = "\(earlyStoppingTolerance)"
        }
        return values
    }

    /// Takes what the training data tell, after comparing it with what was given.
    ///
    /// - Returns: things a user should know, one sentence each.
    /// - Throws: `DatasetError` where `num_classes` or `num_training_samples` differ from the data.
    mutating func adopt<Dataset, Stream>(_ training: ImageSource<Dataset, Stream>) throws -> [String] {
        if case .dataset(let dataset) = training { try dataset.check(classCount: numClasses, sampleCount: numTrainingSamples) }
        numClasses = training.classNames.count
        numTrainingSamples = training.count
        guard let count = training.count, miniBatchSize > count else { return training.warnings }
        let note = "mini_batch_size \(miniBatchSize) is more than the \(count) training images: \(count) is used."
        miniBatchSize = count
        return [note] + training.warnings
    }

    /// What a user should know of these settings on `device`, one sentence each.
    /// - Throws: `TorchError` for a precision that the device has not.
    func notes(on device: Device) throws -> [String] {
        var notes: [String] = []
        if precision == .float16, device == .cpu {
            notes.append(
                "precision_dtype float16 trains in \(reducedPrecision(on: device) ?? .float32) on this processor, which has no quick float16."
            )
        }
        if precision == .bfloat16 {
            try device.checkPrecision(.bfloat16)
            if device.nativeReducedPrecision == nil {
                notes.append("precision_dtype is bfloat16, which \(device) does not multiply natively: float32 is likely to be quicker.")
            }
        }
        if scheduler != .step, !schedulerSteps.isEmpty {
            notes.append("lr_scheduler_step is for lr_scheduler step, and lr_scheduler is \(scheduler.rawValue): it is left aside.")
        }
        return notes
    }

    /// Freezes what `freeze_layer_pattern` says.
    ///
    /// `otherNames`: see `Module.parameters(matching:otherNames:)`. `isFresh`: whether nothing but chance has filled the network.
    /// - Returns: things a user should know, one sentence each.
    /// - Throws: ``TaskError`` where nothing would be left to train; `NetworkError` for what is no pattern.
    func freeze(_ network: any Module, isFresh: Bool, otherNames: (String) -> [String] = { _ in [] }) throws -> [String] {
        guard let pattern = freezeLayerPattern else { return [] }
        let (names, count) = (try network.parameters(matching: pattern, otherNames: otherNames), network.parameters.count)
        guard names.count < count else {
            throw TaskError(
                "freeze_layer_pattern '\(pattern)' matches all \(count) parameters: nothing would be trained. Make it match fewer.")
        }
        guard !names.isEmpty else { return ["freeze_layer_pattern '\(pattern)' matches no layer: everything is trained."] }
        try network.freeze(names)
        let keeps = "freeze_layer_pattern '\(pattern)' keeps \(names.count) of \(count) parameters as they are."
        return [keeps + (isFresh ? " Nothing has trained these weights: start from a model's, or from ImageNet's." : "")]
    }

    /// The precision of products on `device`; nil: float32.
    public func reducedPrecision(on device: Device) -> DType? {
        switch precision {
        case .float32: nil
        // Processors have no quick float16; bfloat16, where they have it, costs the same as that would and has float32's range.
        case .float16: device == .cpu ? device.nativeReducedPrecision : .float16
        case .bfloat16: .bfloat16
        case .auto: device.nativeReducedPrecision
        }
    }
}

/// Numbers as hyperparameters and messages write them: `10, 20`.
func list(_ numbers: some Sequence<Int>) -> String { numbers.map(String.init).joined(separator: ", ") }
