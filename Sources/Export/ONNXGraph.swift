import Protobuf
import Weights

/// A graph of ONNX operators that is being built: nodes in the order in which they run, weights and constants.
///
/// Values are called by names, those of weights being the model's own. Source: onnx.ai, "ONNX IR" and "Operators", opset 17.
final class ONNXGraph {
    /// What an operator is told besides its inputs.
    enum Attribute {
        case integer(Int)
        case integers([Int])
        case float(Float)
        case text(String)
    }

    /// Types of elements, by ONNX's numbers.
    enum ElementType: Int {
        case float = 1
        case uint8 = 2
        case int64 = 7
    }

    /// A size of an input or output.
    enum Dimension: ExpressibleByIntegerLiteral, ExpressibleByStringLiteral {
        case fixed(Int)
        case named(String)

        init(integerLiteral value: Int) { self = .fixed(value) }
        init(stringLiteral value: String) { self = .named(value) }
    }

    private let weights: WeightDictionary
    private let source: String
    private var graph = ProtobufMessage()
    private var initializers = ProtobufMessage()
    private var ends = ProtobufMessage()
    private var known: Set<String> = []
    private var count = 0

    /// The operators' version.
    static let opset = 17

    /// An empty graph. `source`: what errors call the weights.
    init(_ weights: WeightDictionary, source: String) {
        self.weights = weights
        self.source = source
    }

    // MARK: Nodes

    /// Adds a node. `result`: its value's name; nil: one is made.
    /// - Returns: the value's name.
    @discardableResult func node(
        _ type: String, _ inputs: [String], _ attributes: [(name: String, value: Attribute)] = [], result: String? = nil
    ) -> String {
        count += 1
        let name = "\(type)_\(count)"
        let output = result ?? name
        var node = ProtobufMessage()
        for input in inputs { node.add(1, input) }
        node.add(2, output)
        node.add(3, name)
        node.add(4, type)
        for attribute in attributes { node.add(5, Self.message(attribute)) }
        graph.add(1, node)
        return output
    }

    private static func message(_ attribute: (name: String, value: Attribute)) -> ProtobufMessage {
        var message = ProtobufMessage()
        message.add(1, attribute.name)
        switch attribute.value {
        case .float(let value):
            message.add(2, value)
            message.add(20, 1)
        case .integer(let value):
            message.add(3, value)
            message.add(20, 2)
        case .text(let value):
            message.add(4, value)
            message.add(20, 3)
        case .integers(let values):
            for value in values { message.add(8, value) }
            message.add(20, 7)
        }
        return message
    }

    // MARK: Weights and constants

    /// Whether the model has such a weight.
    func holds(_ name: String) -> Bool { weights[name] != nil }

    /// The shape of a weight.
    /// - Throws: ``ExportError`` where the model has none of this name.
    func shape(of name: String) throws -> [Int] { try array(name).shape }

    /// The name of a weight, which becomes a part of the file.
    /// - Throws: ``ExportError`` where the model has none of this name.
    func weight(_ name: String) throws -> String {
        guard known.insert(name).inserted else { return name }
        let array = try array(name)
        let bytes = array.type == .f32 ? array.bytes.withUnsafeBytes { [UInt8]($0) } : Self.bytes(array.floats())
        add(name, array.shape, .float, bytes)
        return name
    }

    private func array(_ name: String) throws -> WeightArray {
        guard let array = weights[name] else {
            throw ExportError("\(source) has no weight '\(name)', which its network needs. Export the model that training has written.")
        }
        return array
    }

    /// A constant of floats.
    func floats(_ values: [Float], shape: [Int]) -> String {
        count += 1
        add("constant_\(count)", shape, .float, Self.bytes(values))
        return "constant_\(count)"
    }

    /// A constant list of whole numbers.
    func integers(_ values: [Int]) -> String {
        let name = "integers_" + values.map(String.init).joined(separator: "_")
        guard known.insert(name).inserted else { return name }
        add(name, [values.count], .int64, values.flatMap { withUnsafeBytes(of: Int64($0).littleEndian) { Array($0) } })
        return name
    }

    private func add(_ name: String, _ shape: [Int], _ type: ElementType, _ bytes: [UInt8]) {
        var tensor = ProtobufMessage()
        for side in shape { tensor.add(1, side) }
        tensor.add(2, type.rawValue)
        tensor.add(8, name)
        tensor.add(9, bytes)
        initializers.add(5, tensor)
    }

    private static func bytes(_ values: [Float]) -> [UInt8] {
        values.flatMap { withUnsafeBytes(of: $0.bitPattern.littleEndian) { Array($0) } }
    }

    // MARK: Inputs and outputs

    /// Declares an input. `meaning`: for people.
    func input(_ name: String, _ type: ElementType, _ shape: [Dimension], _ meaning: String) {
        ends.add(11, Self.value(name, type, shape, meaning))
    }

    /// Declares a value to be an output. `meaning`: for people.
    func output(_ name: String, _ type: ElementType, _ shape: [Dimension], _ meaning: String) {
        ends.add(12, Self.value(name, type, shape, meaning))
    }

    private static func value(_ name: String, _ type: ElementType, _ shape: [Dimension], _ meaning: String) -> ProtobufMessage {
        var sizes = ProtobufMessage()
        for side in shape {
            var dimension = ProtobufMessage()
            switch side {
            case .fixed(let value): dimension.add(1, value)
            case .named(let name): dimension.add(2, name)
            }
            sizes.add(1, dimension)
        }
        var (tensor, kind, value) = (ProtobufMessage(), ProtobufMessage(), ProtobufMessage())
        tensor.add(1, type.rawValue)
        tensor.add(2, sizes)
        kind.add(1, tensor)
        value.add(1, name)
        value.add(2, kind)
        value.add(3, meaning)
        return value
    }

    // MARK: The file

    /// The whole model. `properties`: what the file says about itself, by name.
    func model(named name: String, producerVersion: String, properties: [(name: String, value: String)]) -> ProtobufMessage {
        var whole = graph
        whole.add(2, name)
        for piece in initializers.pieces { whole.append(raw: piece) }
        for piece in ends.pieces { whole.append(raw: piece) }
        var (opset, model) = (ProtobufMessage(), ProtobufMessage())
        opset.add(1, "")
        opset.add(2, Self.opset)
        // IR version 8: the first that knows this opset.
        model.add(1, 8)
        model.add(2, "sightline")
        model.add(3, producerVersion)
        model.add(7, whole)
        model.add(8, opset)
        for property in properties {
            var entry = ProtobufMessage()
            entry.add(1, property.name)
            entry.add(2, property.value)
            model.add(14, entry)
        }
        return model
    }
}
