import Torch

extension DetectionHyperparameters {
    /// Reads a job's hyperparameters.
    /// - Throws: ``TaskError`` that lists every unknown name and every value out of range.
    public init(_ values: [String: String]) throws {
        self.init()
        var read = HyperparameterReader(values)
        let unit = 0.0...1.0
        training.read(&read, learns: true)
        if self.schedulerFactor == 0 { read.fault("lr_scheduler_factor is '0'; it must be a number above 0, at most 1.") }
        baseNetwork = read.choice("base_network") ?? baseNetwork
        usePretrainedModel = read.flag("use_pretrained_model") ?? usePretrainedModel
        imageShape = read.integer("image_shape", in: 300...4096) ?? imageShape
        // Less than a header and one object can't describe anything.
        labelWidth = read.integer("label_width", in: 7...Int.max)
        optimizer = read.choice("optimizer") ?? optimizer
        overlapThreshold = read.number("overlap_threshold", in: unit, aboveLowest: true) ?? overlapThreshold
        nmsThreshold = read.number("nms_threshold", in: unit, aboveLowest: true) ?? nmsThreshold
        nmsTopK = read.integer("nms_topk", in: 1...Int.max) ?? nmsTopK
        try read.finish(task: "object detection", known: Self.names)
    }

    /// Every value under its SageMaker name, as text: what a run records.
    public var resolved: [String: String] {
        var values = training.resolved
        values["base_network"] = baseNetwork.rawValue
        values["use_pretrained_model"] = usePretrainedModel ? "1" : "0"
        values["image_shape"] = "\(imageShape)"
        values["label_width"] = labelWidth.map(String.init)
        values["optimizer"] = optimizer.rawValue
        values["overlap_threshold"] = "\(overlapThreshold)"
        values["nms_threshold"] = "\(nmsThreshold)"
        values["nms_topk"] = "\(nmsTopK)"
        if optimizer == .sgd { values["momentum"] = "\(self.momentum)" }
        if optimizer == .sgd || optimizer == .rmsprop { values["weight_decay"] = "\(self.weightDecay)" }
        return values
    }

    /// The optimiser's update rule, and the weight decay that goes with it (sgd and rmsprop only, as the contract says). What has no
    /// hyperparameter has MXNet's default.
    public var updateRule: (rule: UpdateRule, weightDecay: Double) {
        switch optimizer {
        case .sgd: (.sgd(momentum: self.momentum), self.weightDecay)
        case .adam: (.adam(beta1: 0.9, beta2: 0.999, eps: 1e-8), 0)
        case .rmsprop: (.rmsprop(decay: 0.9, momentum: nil, eps: 1e-8), self.weightDecay)
        case .adadelta: (.adadelta(rho: 0.9, eps: 1e-5), 0)
        }
    }

    /// The precision of products on `device`; nil: float32.
    public func reducedPrecision(on device: Device) -> DType? { training.reducedPrecision(on: device) }
}
