import Networks
import Torch

extension ClassificationHyperparameters {
    /// Reads a job's hyperparameters.
    /// - Throws: ``TaskError`` that lists every unknown name, every value out of range and every combination that can't work.
    public init(_ values: [String: String]) throws {
        self.init()
        var read = HyperparameterReader(values)
        let unit = 0.0...1.0
        training.read(&read, learns: false)
        if let depth = read.integer("num_layers", in: 1...Int.max) {
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
        optimizer = read.choice("optimizer") ?? optimizer
        beta1 = read.number("beta_1", in: unit) ?? beta1
        beta2 = read.number("beta_2", in: unit) ?? beta2
        eps = read.number("eps", in: unit) ?? eps
        gamma = read.number("gamma", in: unit) ?? gamma
        multiLabel = read.flag("multi_label") ?? multiLabel
        useWeightedLoss = read.flag("use_weighted_loss") ?? useWeightedLoss
        labelSmoothing = read.number("label_smoothing", in: unit) ?? labelSmoothing
        topK = read.integer("top_k", in: 2...Int.max)
        checkpointFrequency = read.integer("checkpoint_frequency", in: 1...max(1, self.epochs))

        if useWeightedLoss, !multiLabel { read.fault("use_weighted_loss is 1, which needs multi_label 1.") }
        if multiLabel, labelSmoothing > 0 {
            read.fault("label_smoothing is for one class an image; leave it out with multi_label 1.")
        }
        if labelSmoothing == 1 { read.fault("label_smoothing is 1, which leaves nothing of the labels; 0.1 is usual.") }
        if multiLabel, topK != nil { read.fault("top_k has no meaning with multi_label 1; leave one of them out.") }
        if let topK, let numClasses = self.numClasses, topK > numClasses {
            read.fault("top_k is \(topK), more than num_classes, which is \(numClasses).")
        }
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
        if beta1 == 1, optimizer == .adam { read.fault("beta_1 is 1, with which adam has no first step; make it less.") }
        if beta2 == 1, optimizer == .adam { read.fault("beta_2 is 1, with which adam never moves; make it less.") }
        try read.finish(task: "image classification", known: Self.names)
    }

    /// Every value under its SageMaker name, as text: what a run records.
    public var resolved: [String: String] {
        var values = training.resolved
        values["num_layers"] = "\(numLayers)"
        values["image_shape"] = "\(imageShape.channels),\(imageShape.height),\(imageShape.width)"
        values["use_pretrained_model"] = usePretrainedModel ? "1" : "0"
        values["optimizer"] = optimizer.rawValue
        values["multi_label"] = multiLabel ? "1" : "0"
        values["use_weighted_loss"] = useWeightedLoss ? "1" : "0"
        if labelSmoothing > 0 { values["label_smoothing"] = "\(labelSmoothing)" }
        values["augmentation_type"] = augmentation?.rawValue
        values["resize"] = resize.map(String.init)
        values["top_k"] = topK.map(String.init)
        values["checkpoint_frequency"] = checkpointFrequency.map(String.init)
        switch optimizer {
        case .sgd, .nag:
            values["momentum"] = "\(self.momentum)"
            values["weight_decay"] = "\(self.weightDecay)"
        case .adam:
            values["beta_1"] = "\(beta1)"
            values["beta_2"] = "\(beta2)"
            values["eps"] = "\(eps)"
        case .rmsprop:
            values["gamma"] = "\(gamma)"
            values["eps"] = "\(eps)"
        }
        return values
    }

    /// The optimiser's update rule, and the weight decay that goes with it (sgd and nag only, as the contract says).
    public var updateRule: (rule: UpdateRule, weightDecay: Double) {
        switch optimizer {
        case .sgd: (.sgd(momentum: self.momentum), self.weightDecay)
        case .nag: (.nag(momentum: self.momentum), self.weightDecay)
        case .adam: (.adam(beta1: beta1, beta2: beta2, eps: eps), 0)
        case .rmsprop: (.rmsprop(decay: gamma, momentum: nil, eps: eps), 0)
        }
    }

    /// The precision of products on `device`; nil: float32.
    public func reducedPrecision(on device: Device) -> DType? { training.reducedPrecision(on: device) }

    /// The shorter side before the crop. Where a job says nothing, image files are scaled to 8/7 of the input's longer side (256 for 224), since
    /// cutting the input out of a full-size photograph would show a corner of it; images that come as pixels or records are left alone.
    public func resolvedResize(imagesAreFiles: Bool) -> Int? {
        if let resize { return resize }
        return imagesAreFiles ? (max(imageShape.height, imageShape.width) * 8 + 3) / 7 : nil
    }
}
