import Networks
import Torch

extension ClassificationHyperparameters {
    /// Reads a job's hyperparameters.
    /// - Throws: ``TaskError`` that lists every unknown name, every value out of range and every combination that can't work.
    public init(_ values: [String: String]) throws {
        self.init()
        var read = HyperparameterReader(values)
        let any = 1...Int.max
        let unit = 0.0...1.0
        numClasses = read.integer("num_classes", in: any)
        numTrainingSamples = read.integer("num_training_samples", in: any)
        if let depth = read.integer("num_layers", in: any) {
            if ClassificationArchitecture.depths.contains(depth) {
                numLayers = depth
            } else {
                read.fault(
                    "num_layers is \(depth); it must be \(list(ResNet.depths)) (images of about 224 pixels) or \(list(CIFARResNet.depths)) (about 32)."
                )
            }
        }
        imageShape = read.imageShape("image_shape") ?? (CIFARResNet.depths.contains(numLayers) ? (3, 32, 32) : imageShape)
        usePretrainedModel = read.flag("use_pretrained_model") ?? usePretrainedModel
        augmentation = read.choice("augmentation_type")
        resize = read.integer("resize", in: 1...8192)
        miniBatchSize = read.integer("mini_batch_size", in: any) ?? miniBatchSize
        epochs = read.integer("epochs", in: any) ?? epochs
        optimizer = read.choice("optimizer") ?? optimizer
        learningRate = read.number("learning_rate", in: unit) ?? learningRate
        schedulerFactor = read.number("lr_scheduler_factor", in: unit) ?? schedulerFactor
        schedulerSteps = read.integers("lr_scheduler_step") ?? schedulerSteps
        momentum = read.number("momentum", in: unit) ?? momentum
        weightDecay = read.number("weight_decay", in: unit) ?? weightDecay
        beta1 = read.number("beta_1", in: unit) ?? beta1
        beta2 = read.number("beta_2", in: unit) ?? beta2
        eps = read.number("eps", in: unit) ?? eps
        gamma = read.number("gamma", in: unit) ?? gamma
        multiLabel = read.flag("multi_label") ?? multiLabel
        useWeightedLoss = read.flag("use_weighted_loss") ?? useWeightedLoss
        topK = read.integer("top_k", in: 2...Int.max)
        precision = read.choice("precision_dtype") ?? precision
        checkpointFrequency = read.integer("checkpoint_frequency", in: 1...max(1, epochs))
        earlyStopping = read.flag("early_stopping") ?? earlyStopping
        earlyStoppingMinEpochs = read.integer("early_stopping_min_epochs", in: any) ?? earlyStoppingMinEpochs
        earlyStoppingPatience = read.integer("early_stopping_patience", in: any) ?? earlyStoppingPatience
        earlyStoppingTolerance = read.number("early_stopping_tolerance", in: unit) ?? earlyStoppingTolerance
        kvStore = read.choice("kv_store")
        seed = read.integer("seed", in: 0...Int.max) ?? seed

        if useWeightedLoss, !multiLabel { read.fault("use_weighted_loss is 1, which needs multi_label 1.") }
        if multiLabel, topK != nil { read.fault("top_k has no meaning with multi_label 1; leave one of them out.") }
        if let topK, let numClasses, topK > numClasses { read.fault("top_k is \(topK), more than num_classes, which is \(numClasses).") }
        if usePretrainedModel, CIFARResNet.depths.contains(numLayers) {
            read.fault(
                "use_pretrained_model is 1, but there are no ImageNet weights for num_layers \(numLayers); use \(list(ResNet.depths.dropLast())), or --pretrained FILE."
            )
        }
        if let resize, resize < min(imageShape.height, imageShape.width) {
            read.fault(
                "resize is \(resize), smaller than image_shape \(imageShape.height)×\(imageShape.width); make it at least \(min(imageShape.height, imageShape.width))."
            )
        }
        if beta2 == 1, optimizer == .adam { read.fault("beta_2 is 1, with which adam never moves; make it less.") }
        try read.finish(task: "image classification", known: Self.names)
    }

    /// Every value under its SageMaker name, as text: what a run records.
    public var resolved: [String: String] {
        var values: [String: String] = [
            "num_layers": "\(numLayers)", "image_shape": "\(imageShape.channels),\(imageShape.height),\(imageShape.width)",
            "use_pretrained_model": usePretrainedModel ? "1" : "0", "mini_batch_size": "\(miniBatchSize)", "epochs": "\(epochs)",
            "optimizer": optimizer.rawValue, "learning_rate": "\(learningRate)", "lr_scheduler_factor": "\(schedulerFactor)",
            "multi_label": multiLabel ? "1" : "0", "use_weighted_loss": useWeightedLoss ? "1" : "0", "precision_dtype": precision.rawValue,
            "early_stopping": earlyStopping ? "True" : "False", "seed": "\(seed)",
        ]
        values["num_classes"] = numClasses.map(String.init)
        values["num_training_samples"] = numTrainingSamples.map(String.init)
        values["augmentation_type"] = augmentation?.rawValue
        values["resize"] = resize.map(String.init)
        values["lr_scheduler_step"] = schedulerSteps.isEmpty ? nil : list(schedulerSteps)
        values["top_k"] = topK.map(String.init)
        values["checkpoint_frequency"] = checkpointFrequency.map(String.init)
        values["kv_store"] = kvStore?.rawValue
        switch optimizer {
        case .sgd, .nag:
            values["momentum"] = "\(momentum)"
            values["weight_decay"] = "\(weightDecay)"
        case .adam:
            values["beta_1"] = "\(beta1)"
            values["beta_2"] = "\(beta2)"
            values["eps"] = "\(eps)"
        case .rmsprop:
            values["gamma"] = "\(gamma)"
            values["eps"] = "\(eps)"
        }
        if earlyStopping {
            values["early_stopping_min_epochs"] = "\(earlyStoppingMinEpochs)"
            values["early_stopping_patience"] = "\(earlyStoppingPatience)"
            values["early_stopping_tolerance"] = "\(earlyStoppingTolerance)"
        }
        return values
    }

    /// The optimiser's update rule, and the weight decay that goes with it (sgd and nag only, as the contract says).
    public var updateRule: (rule: UpdateRule, weightDecay: Double) {
        switch optimizer {
        case .sgd: (.sgd(momentum: momentum), weightDecay)
        case .nag: (.nag(momentum: momentum), weightDecay)
        case .adam: (.adam(beta1: beta1, beta2: beta2, eps: eps), 0)
        case .rmsprop: (.rmsprop(decay: gamma, momentum: nil, eps: eps), 0)
        }
    }

    /// The precision of products on `device`; nil: float32.
    public func reducedPrecision(on device: Device) -> DType? {
        switch precision {
        case .float32: nil
        // Without loss scaling small gradients vanish in float16; bfloat16 costs the same and has float32's range.
        case .float16, .bfloat16: .bfloat16
        case .auto: device.nativeReducedPrecision
        }
    }

    /// The shorter side before the crop. Where a job says nothing, image files are scaled to 8/7 of the input's longer side (256 for 224), since
    /// cutting the input out of a full-size photograph would show a corner of it; images that come as pixels or records are left alone.
    public func resolvedResize(imagesAreFiles: Bool) -> Int? {
        if let resize { return resize }
        return imagesAreFiles ? (max(imageShape.height, imageShape.width) * 8 + 3) / 7 : nil
    }
}

private func list(_ numbers: some Sequence<Int>) -> String { numbers.map(String.init).joined(separator: ", ") }
