/// The type of a tensor's elements.
public enum DType: Int32, Sendable, CaseIterable {
    /// Unsigned byte: image pixels 0…255.
    case uint8 = 0
    /// Signed byte.
    case int8 = 1
    /// 16-bit integer.
    case int16 = 2
    /// 32-bit integer.
    case int32 = 3
    /// 64-bit integer: class ids and indices.
    case int64 = 4
    /// IEEE half precision.
    case float16 = 5
    /// Single precision: the default of weights.
    case float32 = 6
    /// Double precision.
    case float64 = 7
    /// Truth values.
    case bool = 11
    /// The upper half of a float32: its range with 8 bits of precision.
    case bfloat16 = 15

    /// Bytes of one element.
    public var size: Int {
        switch self {
        case .uint8, .int8, .bool: 1
        case .int16, .float16, .bfloat16: 2
        case .int32, .float32: 4
        case .int64, .float64: 8
        }
    }
}

/// Swift types that a tensor's elements can be read as and made from.
public protocol TensorElement: BitwiseCopyable, Sendable {
    /// The element type of tensors made of this type.
    static var dtype: DType { get }
}

extension Float: TensorElement {
    /// float32
    public static var dtype: DType { .float32 }
}
extension Double: TensorElement {
    /// float64
    public static var dtype: DType { .float64 }
}
extension Int64: TensorElement {
    /// int64
    public static var dtype: DType { .int64 }
}
extension Int32: TensorElement {
    /// int32
    public static var dtype: DType { .int32 }
}
extension UInt8: TensorElement {
    /// uint8
    public static var dtype: DType { .uint8 }
}
