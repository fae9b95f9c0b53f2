/// One named array of a weight file: element type, shape and little-endian bytes in row-major order. It knows nothing
/// of tensors; the bytes usually lie in a mapped file.
public struct WeightArray: Sendable {
    /// The array's name, such as `layer1.0.conv1.weight`.
    public var name: String
    /// The type of the elements.
    public let type: ScalarType
    /// The dimensions, outermost first; empty for a scalar.
    public let shape: [Int]
    /// The elements, little-endian, row-major, contiguous; at any alignment.
    public let bytes: WeightBytes

    /// Makes an array over bytes.
    ///
    /// - Throws: ``WeightsError`` when the number of bytes is not the product of `shape` and the element's size.
    public init(name: String, type: ScalarType, shape: [Int], bytes: WeightBytes) throws {
        guard let expected = type.byteCount(shape: shape), expected == bytes.count else {
            let wanted = type.byteCount(shape: shape).map { "\($0) bytes" } ?? "more bytes than a file can have"
            throw WeightsError(
                .damaged, "Array \(name): shape \(shape) of \(type.rawValue) takes \(wanted), but \(bytes.count) were given.")
        }
        self.name = name
        self.type = type
        self.shape = shape
        self.bytes = bytes
    }

    /// Makes a 32-bit array from values in row-major order.
    ///
    /// - Throws: ``WeightsError`` when the number of values is not the product of `shape`.
    public init(name: String, shape: [Int], values: [Float]) throws {
        var bytes = [UInt8](repeating: 0, count: values.count * 4)
        bytes.withUnsafeMutableBytes { buffer in
            for (index, value) in values.enumerated() {
                buffer.storeBytes(of: value.bitPattern.littleEndian, toByteOffset: index * 4, as: UInt32.self)
            }
        }
        try self.init(name: name, type: .f32, shape: shape, bytes: WeightBytes(bytes))
    }

    /// The number of elements: the product of the shape, 1 for a scalar.
    public var elementCount: Int { bytes.count / type.size }
}
