/// A weight that an optimiser updates.
public struct Parameter {
    /// The weight's name in the model file, such as `layer1.0.conv1.weight`.
    public let name: String
    /// The weight itself; requires gradients.
    public let tensor: Tensor
    /// Whether weight decay applies. MXNet spares biases and batch norm's shift (its names that end neither in `weight` nor in `gamma`).
    public let decays: Bool

    /// Names a weight for an optimiser.
    public init(name: String, tensor: Tensor, decays: Bool) {
        self.name = name
        self.tensor = tensor
        self.decays = decays
    }
}

/// Which update rule, with MXNet's meaning of its numbers (mxnet.optimizer).
public enum UpdateRule: Equatable, Sendable {
    /// v ← momentum·v − lr·g, w ← w + v.
    case sgd(momentum: Double)
    /// Nesterov: v ← momentum·v − lr·g, w ← w + momentum·v − lr·g.
    case nag(momentum: Double)
    /// Kingma and Ba 2015; ε is added to √v before the bias correction, as MXNet does.
    case adam(beta1: Double, beta2: Double, eps: Double)
    /// n ← decay·n + (1 − decay)·g², w ← w − lr·g / √(n + ε); centred, with momentum (Graves 2013), where `momentum` is given.
    case rmsprop(decay: Double, momentum: Double?, eps: Double)
    /// h ← h + g², w ← w − lr·(g / √(h + ε) + decay·w).
    case adagrad(eps: Double)
    /// Zeiler 2012. It has no learning rate.
    case adadelta(rho: Double, eps: Double)
}

/// Updates weights from their gradients.
///
/// Works on whole lists of tensors in a few kernel calls. Its state (velocities and the like) is named, so that a checkpoint can hold it.
public final class Optimizer {
    /// The update rule.
    public let rule: UpdateRule
    /// L2 decay, added to the gradients of the weights that decay.
    public let weightDecay: Double
    /// The weights.
    public let parameters: [Parameter]
    /// Steps taken; those that the device alone knows to have been skipped count, too.
    public var stepCount = 0
    /// The learning rate of the last step, or nil before the first.
    public var lastLearningRate: Double?

    private var groups: [ParameterGroup]

    /// Makes an optimiser with zero state.
    public init(rule: UpdateRule, weightDecay: Double, parameters: [Parameter]) throws {
        self.rule = rule
        self.weightDecay = weightDecay
        self.parameters = parameters
        groups = try [true, false].compactMap { decays in
            let members = parameters.filter { $0.decays == decays }
            return members.isEmpty
                ? nil : try ParameterGroup(members: members, decay: decays ? weightDecay : 0, slots: rule.slotNames)
        }
    }

    /// Applies the gradients that the last backward pass left. Weights without a gradient stay as they are.
    /// - Parameters:
    ///   - learningRate: of this step.
    ///   - scaler: where the loss was scaled: the gradients are divided by the scale first, and the step is skipped where one is not finite.
    ///     SGD and NAG leave that to the device; the other rules wait for it, since their numbers depend on the steps that were taken.
    public func step(learningRate: Double, scaler: LossScaler? = nil) throws {
        try withoutGradient {
            guard let scaler else {
                try update(learningRate, skip: nil)
                return
            }
            try scaler.unscale(parameters.compactMap(\.tensor.gradient))
            if rule.skipsOnDevice {
                try update(learningRate, skip: scaler.overflow)
            } else if try !scaler.hasOverflowed() {
                try update(learningRate, skip: nil)
            }
            try scaler.update()
        }
        lastLearningRate = learningRate
    }

    private func update(_ learningRate: Double, skip: Tensor?) throws {
        stepCount += 1
        for group in groups {
            try group.update(
                rule, learningRate: learningRate, previous: lastLearningRate ?? learningRate, step: stepCount, skip: skip)
        }
    }

    /// Multiplies all gradients.
    public func scaleGradients(by factor: Double) throws {
        let gradients = TensorList(parameters.compactMap(\.tensor.gradient))
        if gradients.count > 0 { try withoutGradient { try gradients.scale(by: factor) } }
    }

    /// Multiplies all gradients by one number on their device, without waiting for it.
    public func scaleGradients(by factor: Tensor) throws {
        let gradients = TensorList(parameters.compactMap(\.tensor.gradient))
        if gradients.count > 0 { try withoutGradient { try gradients.scale(by: factor) } }
    }

    /// Forgets all gradients and frees their memory.
    public func clearGradients() {
        for parameter in parameters { parameter.tensor.clearGradient() }
    }

    /// The state by name (`momentum/layer1.0.conv1.weight`), for a checkpoint.
    public var state: [(name: String, tensor: Tensor)] {
        groups.flatMap { group in
            group.slots.flatMap { slot in zip(group.members, slot.tensors).map { ("\(slot.name)/\($0.name)", $1) } }
        }
    }
}

extension UpdateRule {
    /// Whether the kernel of the rule can leave everything as it is where the device says so.
    var skipsOnDevice: Bool {
        switch self {
        case .sgd, .nag: true
        default: false
        }
    }

    /// The names of what the rule remembers for each weight.
    var slotNames: [String] {
        switch self {
        case .sgd(let momentum), .nag(let momentum): momentum == 0 ? [] : ["momentum"]
        case .adam: ["mean", "square"]
        case .rmsprop(_, let momentum, _): momentum == nil ? ["square"] : ["square", "mean", "delta"]
        case .adagrad: ["history"]
        case .adadelta: ["square", "delta"]
        }
    }
}
