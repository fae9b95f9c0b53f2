import Torch

/// A two-dimensional convolution.
public final class Conv2d: Module {
    /// out, in / groups, kernel, kernel; in channels-last memory.
    public let weight: Tensor
    /// out; nil where batch norm follows.
    public let bias: Tensor?
    /// Output pixels are this many input pixels apart.
    public let stride: Int
    /// Zeros around the input.
    public let padding: Int
    /// Taps of the kernel are this many pixels apart.
    public let dilation: Int

    /// A convolution of `input` to `output` channels with an odd square kernel.
    ///
    /// `padding`: by default what keeps the size at stride 1.
    public init(
        _ input: Int, _ output: Int, kernel: Int, stride: Int = 1, padding: Int? = nil, dilation: Int = 1, bias: Bool = false,
        initialization: Initialization
    ) throws {
        weight = try initialization.convolution([output, input, kernel, kernel]).channelsLast().requiringGradient()
        self.bias = bias ? try Tensor.zeros([output]).requiringGradient() : nil
        self.stride = stride
        self.padding = padding ?? dilation * (kernel - 1) / 2
        self.dilation = dilation
    }

    /// N, in, H, W → N, out, H / stride, W / stride.
    public func callAsFunction(_ x: Tensor) throws -> Tensor {
        try conv2d(x, weight: weight, bias: bias, stride: stride, padding: padding, dilation: dilation)
    }

    /// ReLU of the above, then the largest of each window where a pool is given.
    public func rectified(_ x: Tensor, pooling: MaxPooling? = nil) throws -> Tensor {
        guard let bias else {
            let y = try relu(self(x))
            return try pooling.map { try maxPool2d(y, $0) } ?? y
        }
        return try conv2dReLU(
            x, weight: weight, bias: bias, stride: stride, padding: padding, dilation: dilation, pooling: pooling)
    }

    /// The tensors of this layer.
    public var ownTensors: [NamedTensor] {
        [NamedTensor("weight", weight, .weight)] + (bias.map { [NamedTensor("bias", $0, .bias)] } ?? [])
    }
}
