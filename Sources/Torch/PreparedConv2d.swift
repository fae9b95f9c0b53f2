import CTorch

/// A convolution prepared for inference: weights in the kernels' own layout, ReLU and a residual addition fused into it.
public final class PreparedConv2d {
    private let pointer: ct_prepared_conv

    /// Prepares a convolution that has the batch norm folded in already.
    ///
    /// `weight` is out, in / groups, kernel, kernel; `bias` is out; `dtype`, float32 or bfloat16, is the type of inputs and outputs.
    public init(
        weight: Tensor, bias: Tensor, stride: Int = 1, padding: Int = 0, dilation: Int = 1, groups: Int = 1, relu: Bool, dtype: DType
    ) throws {
        guard
            let pointer = ct_prepare_conv(
                weight.pointer, bias.pointer, Int64(stride), Int64(padding), Int64(dilation), Int64(groups), relu, dtype.rawValue)
        else { throw TorchError.last() }
        self.pointer = pointer
    }

    deinit { ct_free_prepared_conv(pointer) }

    /// N, in, H, W → N, out, H / stride, W / stride: `relu(conv(x) + residual)`. The residual's memory may be used for the result, so it
    /// must not be needed afterwards.
    public func callAsFunction(_ x: Tensor, addingInto residual: Tensor? = nil) throws -> Tensor {
        try owned(ct_run_prepared_conv(pointer, x.pointer, residual?.pointer))
    }
}
