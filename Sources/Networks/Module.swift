import Torch

/// A tensor of a network, under the name that it has in a model file.
public struct NamedTensor {
    /// What a tensor is for.
    public enum Role: Sendable {
        /// Learned, and shrunk by weight decay.
        case weight
        /// Learned, and spared by weight decay: biases and batch norm's shift.
        case bias
        /// Kept but not learned: running statistics.
        case statistic
    }

    /// The name, as torchvision has it: `layer1.0.conv1.weight`.
    public let name: String
    /// The tensor.
    public let tensor: Tensor
    /// What it is for.
    public let role: Role

    /// Names a tensor.
    public init(_ name: String, _ tensor: Tensor, _ role: Role) {
        self.name = name
        self.tensor = tensor
        self.role = role
    }
}

/// A part of a network: a layer, a block, or the whole.
///
/// Property names are weight names: a property `conv1` that holds a layer with a `weight` gives `conv1.weight`, an array `layer1` of
/// blocks gives `layer1.0.…`, `layer1.1.…`. Only leaves say more than that.
public protocol Module: AnyObject {
    /// The tensors of this module itself, without those of the modules in its properties.
    var ownTensors: [NamedTensor] { get }

    /// The modules in this one's properties, in the order of their declaration.
    var children: [(name: String, module: any Module)] { get }

    /// Told when the network changes between training and evaluation; containers need not listen.
    func setTraining(_ training: Bool)
}

extension Module {
    /// None: a container.
    public var ownTensors: [NamedTensor] { [] }

    /// Nothing to do for a container.
    public func setTraining(_ training: Bool) {}

    /// The modules in this one's properties, in the order of their declaration.
    public var children: [(name: String, module: any Module)] {
        Mirror(reflecting: self).children.flatMap { child in
            guard let label = child.label else { return [(name: String, module: any Module)]() }
            return modules(in: child.value, named: label)
        }
    }

    /// All tensors, by their full names, in the order of the network's figure.
    public var namedTensors: [NamedTensor] {
        ownTensors
            + children.flatMap { child in
                child.module.namedTensors.map { NamedTensor("\(child.name).\($0.name)", $0.tensor, $0.role) }
            }
    }

    /// The learned tensors.
    public var parameters: [Parameter] {
        namedTensors.filter { $0.role != .statistic }
            .map { Parameter(name: $0.name, tensor: $0.tensor, decays: $0.role == .weight) }
    }

    /// Switches the whole network between training (batch statistics) and evaluation (running statistics).
    public func train(_ training: Bool = true) {
        setTraining(training)
        for child in children { child.module.train(training) }
    }

    /// Moves every tensor to a device, in place, so that what refers to them sees the moved ones.
    public func move(to device: Device) throws {
        for named in namedTensors { try named.tensor.move(to: device) }
    }

    /// The number of learned numbers.
    public var parameterCount: Int { parameters.reduce(0) { $0 + $1.tensor.count } }
}

/// The modules that a property's value holds: itself, or an array's or optional's members.
private func modules(in value: Any, named name: String) -> [(name: String, module: any Module)] {
    if let module = value as? any Module { return [(name, module)] }
    let mirror = Mirror(reflecting: value)
    switch mirror.displayStyle {
    case .collection:
        return mirror.children.enumerated().flatMap { index, child in modules(in: child.value, named: "\(name).\(index)") }
    case .optional:
        return mirror.children.flatMap { modules(in: $0.value, named: name) }
    default: return []
    }
}
