import Torch

/// A fully connected layer.
public final class Linear: Module {
    /// out, in.
    public let weight: Tensor
    /// out.
    public let bias: Tensor

    /// A layer of `input` to `output` numbers.
    public init(_ input: Int, _ output: Int, initialization: Initialization) throws {
        weight = try initialization.linear([output, input]).requiringGradient()
        bias = try initialization.linearBias(output, fanIn: input).requiringGradient()
    }

    /// N, in → N, out.
    public func callAsFunction(_ x: Tensor) throws -> Tensor { try linear(x, weight: weight, bias: bias) }

    /// The tensors of this layer.
    public var ownTensors: [NamedTensor] { [NamedTensor("weight", weight, .weight), NamedTensor("bias", bias, .bias)] }
}
