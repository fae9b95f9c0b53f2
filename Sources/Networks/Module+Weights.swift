import Torch
import Weights

extension Module {
    /// Copies arrays into the tensors of the same names, converting element types.
    ///
    /// - Parameters:
    ///   - weights: must hold an array of the right shape for every tensor, apart from `fresh`.
    ///   - fresh: prefixes of names that keep their fresh values, such as `fc.` in transfer learning.
    ///   - source: the file that an error should name.
    /// - Throws: `NetworkError` that lists what is missing, superfluous and of another shape. Nothing is copied then.
    public func load(_ weights: WeightDictionary, fresh: [String] = [], source: String) throws {
        func isFresh(_ name: String) -> Bool { fresh.contains { name.hasPrefix($0) } }
        let wanted = namedTensors.filter { !isFresh($0.name) }
        // PyTorch counts mini-batches in each batch norm; nothing here depends on it.
        let superfluous = Set(weights.names).subtracting(namedTensors.map(\.name))
            .filter { !$0.hasSuffix(".num_batches_tracked") && !isFresh($0) }
        let missing = wanted.filter { weights[$0.name] == nil }.map(\.name)
        let misshapen = wanted.compactMap { tensor -> String? in
            guard let array = weights[tensor.name], array.shape != tensor.tensor.shape else { return nil }
            return "\(tensor.name) is \(array.shape) in the file and \(tensor.tensor.shape) in the network"
        }
        guard missing.isEmpty, misshapen.isEmpty, superfluous.isEmpty else {
            let faults = [
                missing.isEmpty ? nil : "it lacks \(listed(missing))",
                superfluous.isEmpty ? nil : "it has \(listed(superfluous.sorted())), which the network has not",
                misshapen.isEmpty ? nil : "shapes differ: \(listed(misshapen))",
            ].compactMap { $0 }
            throw NetworkError(
                "\(source) does not fit this network: \(faults.joined(separator: "; ")). Check num_layers, num_classes and image_shape.")
        }
        try withoutGradient {
            for named in wanted {
                guard let array = weights[named.name] else { continue }
                try named.tensor.copy(from: Tensor(array))
            }
        }
    }

    /// Every tensor as an array of a weight file, in the network's order.
    public func weightArrays() throws -> [WeightArray] {
        try namedTensors.map { try $0.tensor.weightArray(named: $0.name) }
    }
}

extension Tensor {
    /// A copy of an array's elements, on the processor.
    public init(_ array: WeightArray) throws {
        self = try array.bytes.withUnsafeBytes { try Tensor(bytes: $0, shape: array.shape, dtype: array.type.dtype) }
    }

    /// A copy of the elements as an array of a weight file.
    public func weightArray(named name: String) throws -> WeightArray {
        try WeightArray(name: name, type: dtype.scalarType, shape: shape, bytes: WeightBytes(try bytes()))
    }
}

extension ScalarType {
    var dtype: DType {
        switch self {
        case .f64: .float64
        case .f32: .float32
        case .f16: .float16
        case .bf16: .bfloat16
        case .i64: .int64
        case .i32: .int32
        case .i16: .int16
        case .i8: .int8
        case .u8: .uint8
        case .bool: .bool
        }
    }
}

extension DType {
    var scalarType: ScalarType {
        switch self {
        case .float64: .f64
        case .float32: .f32
        case .float16: .f16
        case .bfloat16: .bf16
        case .int64: .i64
        case .int32: .i32
        case .int16: .i16
        case .int8: .i8
        case .uint8: .u8
        case .bool: .bool
        }
    }
}

private func listed(_ names: [String]) -> String {
    names.prefix(5).joined(separator: ", ") + (names.count > 5 ? " and \(names.count - 5) more" : "")
}
