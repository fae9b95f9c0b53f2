import CTorch

extension Tensor {
    /// The same elements under another shape; one size may be −1 and is worked out.
    public func reshaped(_ shape: [Int]) throws -> Tensor { try owned(ct_reshape(pointer, shape.int64, Int64(shape.count))) }

    /// The dimensions in another order, without a copy.
    public func permuted(_ order: [Int]) throws -> Tensor { try owned(ct_permute(pointer, order.int64, Int64(order.count))) }

    /// Two dimensions exchanged, without a copy.
    public func transposed(_ a: Int, _ b: Int) throws -> Tensor { try owned(ct_transpose(pointer, Int64(a), Int64(b))) }

    /// All dimensions from `dim` on made one.
    public func flattened(from dim: Int = 0) throws -> Tensor { try owned(ct_flatten(pointer, Int64(dim))) }

    /// `length` entries from `start` along `dim`, without a copy.
    public func narrowed(dim: Int, start: Int, length: Int) throws -> Tensor {
        try owned(ct_narrow(pointer, Int64(dim), Int64(start), Int64(length)))
    }

    /// Every `step`-th entry along `dim`, without a copy.
    public func strided(dim: Int, by step: Int) throws -> Tensor { try owned(ct_stride(pointer, Int64(dim), Int64(step))) }

    /// The entries of `dim` that `indices` (int64) names, in its order.
    public func selecting(_ indices: Tensor, dim: Int) throws -> Tensor {
        try owned(ct_index_select(pointer, Int64(dim), indices.pointer))
    }

    /// Zeros around: (before, after) pairs from the last dimension on.
    public func padded(_ pairs: [Int]) throws -> Tensor { try owned(ct_pad(pointer, pairs.int64, Int64(pairs.count))) }

    /// Dimensions of one entry repeated to other sizes, without a copy; −1 keeps a size.
    public func expanded(_ shape: [Int]) throws -> Tensor { try owned(ct_expand(pointer, shape.int64, Int64(shape.count))) }

    /// Joins tensors along `dim`.
    public static func concatenating(_ tensors: [Tensor], dim: Int) throws -> Tensor {
        try owned(ct_cat(tensors.map(\.pointer), Int64(tensors.count), Int64(dim)))
    }

    /// Elements of another type; itself where the type is the same.
    public func to(_ dtype: DType) throws -> Tensor { try owned(ct_to_dtype(pointer, dtype.rawValue)) }

    /// On another device; itself where it lies there already.
    public func to(_ device: Device, nonBlocking: Bool = false) throws -> Tensor {
        try owned(ct_to_device(pointer, device.number, nonBlocking))
    }

    /// Puts this very tensor on another device: all copies of it see the move.
    public func move(to device: Device) throws { try check(ct_move_(pointer, device.number)) }

    /// N, C, H, W with the channels beside each other in memory (NHWC), which convolutions on most machines prefer.
    public func channelsLast() throws -> Tensor { try owned(ct_channels_last(pointer)) }

    /// Row-major memory.
    public func contiguous() throws -> Tensor { try owned(ct_contiguous(pointer)) }

    /// New elements with the same values.
    public func clone() throws -> Tensor { try owned(ct_clone(pointer)) }

    /// Overwrites the elements with those of `source`, converting type and device.
    public func copy(from source: Tensor) throws { try check(ct_copy_(pointer, source.pointer)) }

    /// Overwrites every element.
    public func fill(_ value: Double) throws { try check(ct_fill_(pointer, value)) }
}
