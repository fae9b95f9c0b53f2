import CTorch

/// Holds one reference to a libtorch tensor and gives it back when the last Swift copy goes.
final class TensorHandle {
    let pointer: ct_tensor
    init(_ pointer: ct_tensor) { self.pointer = pointer }
    deinit { ct_release(pointer) }
}

/// An array of numbers on a device.
///
/// Copies share their elements, as in PyTorch; ``clone()`` makes new ones. Memory is released deterministically, when the last copy
/// and the last autograd graph that needs it are gone. Images are N, C, H, W, in channels-last memory where it is quicker.
/// A tensor belongs to the thread that works with libtorch: it is not Sendable.
public struct Tensor {
    let handle: TensorHandle

    init(handle: TensorHandle) { self.handle = handle }

    var pointer: ct_tensor { handle.pointer }

    // MARK: Making

    /// A tensor of `shape` whose elements are all `value`.
    public init(_ value: Double, shape: [Int], dtype: DType = .float32, device: Device = .cpu) throws {
        self = try owned(ct_full(shape.int64, Int64(shape.count), value, dtype.rawValue, device.number))
    }

    /// Zeros.
    public static func zeros(_ shape: [Int], dtype: DType = .float32, device: Device = .cpu) throws -> Tensor {
        try Tensor(0, shape: shape, dtype: dtype, device: device)
    }

    /// Ones.
    public static func ones(_ shape: [Int], dtype: DType = .float32, device: Device = .cpu) throws -> Tensor {
        try Tensor(1, shape: shape, dtype: dtype, device: device)
    }

    /// Zeros with the shape, type, device and memory order of `other`.
    public static func zeros(like other: Tensor) throws -> Tensor { try owned(ct_zeros_like(other.pointer)) }

    /// The elements, row-major, as a tensor of `shape`.
    /// - Throws: ``TorchError`` where the number of elements is not the product of the shape.
    public init<Element: TensorElement>(_ elements: [Element], shape: [Int]? = nil, device: Device = .cpu) throws {
        self = try elements.withUnsafeBytes {
            try Tensor(bytes: $0, shape: shape ?? [elements.count], dtype: Element.dtype, device: device)
        }
    }

    /// A copy of little-endian, row-major `bytes` as a tensor of `shape`. Does not wait for a CUDA device to take it: what it reads is a copy in
    /// page-locked memory.
    public init(bytes: UnsafeRawBufferPointer, shape: [Int], dtype: DType, device: Device = .cpu) throws {
        var none: UInt8 = 0
        self = try withUnsafePointer(to: &none) { empty in
            let (base, count) = (bytes.baseAddress ?? UnsafeRawPointer(empty), Int64(bytes.count))
            return try owned(
                device == .cpu
                    ? ct_from_bytes(base, count, shape.int64, Int64(shape.count), dtype.rawValue)
                    : ct_upload(base, count, shape.int64, Int64(shape.count), dtype.rawValue, device.number))
        }
    }

    /// 0, 1, 2, … `count` − 1 as int64.
    public static func indices(_ count: Int, device: Device = .cpu) throws -> Tensor {
        try owned(ct_arange(Int64(count), device.number))
    }

    /// Standard normal numbers (float32). The same seed gives the same numbers on any machine with this libtorch.
    public static func randomNormal(_ shape: [Int], seed: UInt64) throws -> Tensor {
        try owned(ct_random_normal(shape.int64, Int64(shape.count), seed))
    }

    /// Numbers uniform in `range` (float32).
    public static func randomUniform(_ shape: [Int], in range: ClosedRange<Double> = 0...1, seed: UInt64) throws -> Tensor {
        try owned(ct_random_uniform(shape.int64, Int64(shape.count), range.lowerBound, range.upperBound, seed))
    }

    // MARK: Asking

    /// Sizes, outermost first: N, C, H, W for images.
    public var shape: [Int] { (0..<ct_dim(pointer)).map { Int(ct_size(pointer, $0)) } }

    /// The number of elements.
    public var count: Int { shape.reduce(1, *) }

    /// The type of the elements.
    public var dtype: DType { DType(rawValue: ct_dtype(pointer)) ?? .float32 }

    /// Where the elements lie.
    public var device: Device { Device(number: ct_device(pointer)) }

    /// Whether a 4-dimensional tensor's channels lie beside each other in memory.
    public var isChannelsLast: Bool { ct_is_channels_last(pointer) }

    /// The elements, row-major, converted to `Element`. Waits for the device.
    public func elements<Element: TensorElement>(as type: Element.Type = Element.self) throws -> [Element] {
        let count = count
        return try [Element](unsafeUninitializedCapacity: count) { buffer, written in
            if let base = buffer.baseAddress, count > 0 {
                try check(ct_copy_bytes(pointer, Element.dtype.rawValue, base, Int64(count * MemoryLayout<Element>.stride)))
            }
            written = count
        }
    }

    /// The elements' little-endian bytes, row-major, in the tensor's own type.
    public func bytes() throws -> [UInt8] {
        let byteCount = count * dtype.size
        return try [UInt8](unsafeUninitializedCapacity: byteCount) { buffer, written in
            if let base = buffer.baseAddress, byteCount > 0 {
                try check(ct_copy_bytes(pointer, dtype.rawValue, base, Int64(byteCount)))
            }
            written = byteCount
        }
    }

    /// The value of a tensor of one element. Waits for the device.
    public func item() throws -> Double {
        var value = 0.0
        try check(ct_item(pointer, &value))
        return value
    }
}

extension [Int] {
    var int64: [Int64] { map(Int64.init) }
}
