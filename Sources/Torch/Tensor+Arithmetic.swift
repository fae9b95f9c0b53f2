import CTorch

/// Element by element, with broadcasting.
extension Tensor {
    /// a + b
    public static func + (a: Tensor, b: Tensor) throws -> Tensor { try owned(ct_add(a.pointer, b.pointer)) }
    /// a − b
    public static func - (a: Tensor, b: Tensor) throws -> Tensor { try owned(ct_sub(a.pointer, b.pointer)) }
    /// a × b
    public static func * (a: Tensor, b: Tensor) throws -> Tensor { try owned(ct_mul(a.pointer, b.pointer)) }
    /// a ÷ b
    public static func / (a: Tensor, b: Tensor) throws -> Tensor { try owned(ct_div(a.pointer, b.pointer)) }
    /// a + b
    public static func + (a: Tensor, b: Double) throws -> Tensor { try owned(ct_add_scalar(a.pointer, b)) }
    /// a × b
    public static func * (a: Tensor, b: Double) throws -> Tensor { try owned(ct_mul_scalar(a.pointer, b)) }

    /// √a
    public func squareRoot() throws -> Tensor { try owned(ct_sqrt(pointer)) }
    /// eᵃ
    public func exponential() throws -> Tensor { try owned(ct_exp(pointer)) }
    /// |a|
    public func magnitude() throws -> Tensor { try owned(ct_abs(pointer)) }
    /// Whether a = b, as bool.
    public func equals(_ other: Tensor) throws -> Tensor { try owned(ct_equal(pointer, other.pointer)) }
    /// Whether a > b, as bool.
    public func isGreater(than value: Double) throws -> Tensor { try owned(ct_greater_scalar(pointer, value)) }

    /// The sum of all elements.
    public func sum() throws -> Tensor { try owned(ct_sum(pointer)) }
    /// Sums along one dimension, which goes away.
    public func sum(dim: Int) throws -> Tensor { try owned(ct_sum_dim(pointer, Int64(dim))) }
    /// The mean of all elements.
    public func mean() throws -> Tensor { try owned(ct_mean(pointer)) }
    /// The largest element.
    public func max() throws -> Tensor { try owned(ct_max(pointer)) }
    /// Where along `dim` the largest element stands (int64).
    public func argmax(dim: Int = -1) throws -> Tensor { try owned(ct_argmax(pointer, Int64(dim))) }
    /// Where along the last dimension the `count` largest elements stand, largest first (int64).
    public func indicesOfLargest(_ count: Int) throws -> Tensor { try owned(ct_topk_indices(pointer, Int64(count))) }
}
