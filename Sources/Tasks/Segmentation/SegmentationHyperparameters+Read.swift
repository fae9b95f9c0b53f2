import Networks
import Torch

extension SegmentationHyperparameters {
    /// Reads a job's hyperparameters.
    /// - Throws: ``TaskError`` that lists every unknown name, every value out of range, and a step schedule without steps.
    public init(_ values: [String: String]) throws {
        self.init()
        var read = HyperparameterReader(values)
        let unit = 0.0...1.0
        training.read(&read, learns: true)
        if let classes = training.numClasses, !(2...254).contains(classes) {
            read.fault("num_classes is '\(classes)'; it must be a whole number from 2 to 254, background included.")
        }
        algorithm = read.choice("algorithm") ?? algorithm
        backbone = read.choice("backbone") ?? backbone
        usePretrainedModel = read.flag("use_pretrained_model") ?? usePretrainedModel
        baseSize = read.integer("base_size", in: 17...8192) ?? baseSize
        // The networks' maps have an eighth of the sides.
        cropSize = ((read.integer("crop_size", in: 17...4096) ?? cropSize) + 7) / 8 * 8
        validationMiniBatchSize = read.integer("validation_mini_batch_size", in: 1...Int.max)
        if self.scheduler == .step, training.schedulerSteps.isEmpty, !read.has("lr_scheduler_step") {
            read.fault("lr_scheduler is 'step', and lr_scheduler_step is not given; set it to the epochs, such as \"10, 20\".")
        }
        optimizer = read.choice("optimizer") ?? optimizer
        gamma1 = read.number("gamma1", in: unit) ?? gamma1
        gamma2 = read.number("gamma2", in: unit) ?? gamma2
        synchronizesBatchNorm = read.flag("syncbn") ?? synchronizesBatchNorm
        try read.finish(task: "semantic segmentation", known: Self.names)
    }

    /// Every value under its SageMaker name, as text: what a run records.
    public var resolved: [String: String] {
        var values = training.resolved
        values["algorithm"] = algorithm.rawValue
        values["backbone"] = backbone.rawValue
        values["use_pretrained_model"] = usePretrainedModel ? "True" : "False"
        values["base_size"] = "\(baseSize)"
        values["crop_size"] = "\(cropSize)"
        values["validation_mini_batch_size"] = validationMiniBatchSize.map(String.init)
        values["lr_scheduler"] = self.scheduler.rawValue
        values["optimizer"] = optimizer.rawValue
        values["syncbn"] = synchronizesBatchNorm ? "True" : "False"
        switch optimizer {
        case .sgd, .nag: (values["momentum"], values["weight_decay"]) = ("\(self.momentum)", "\(self.weightDecay)")
        case .rmsprop: (values["gamma1"], values["gamma2"]) = ("\(gamma1)", "\(gamma2)")
        case .adam, .adagrad, .adadelta: break
        }
        return values
    }

    /// The optimiser's update rule, and the weight decay that goes with it (sgd and nag only). What has no hyperparameter has MXNet's
    /// default.
    public var updateRule: (rule: UpdateRule, weightDecay: Double) {
        switch optimizer {
        case .sgd: (.sgd(momentum: self.momentum), self.weightDecay)
        case .nag: (.nag(momentum: self.momentum), self.weightDecay)
        case .adam: (.adam(beta1: 0.9, beta2: 0.999, eps: 1e-8), 0)
        case .adagrad: (.adagrad(eps: 1e-7), 0)
        case .rmsprop: (.rmsprop(decay: gamma1, momentum: gamma2, eps: 1e-8), 0)
        case .adadelta: (.adadelta(rho: 0.9, eps: 1e-5), 0)
        }
    }

    /// The precision of products on `device`; nil: float32.
    public func reducedPrecision(on device: Device) -> DType? { training.reducedPrecision(on: device) }
}
