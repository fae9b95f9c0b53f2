import Torch

/// A convolution, batch norm and ReLU: part of a sequence, whose members torchvision numbers.
final class ConvNormReLU: Module {
    let conv: Conv2d
    let norm: BatchNorm2d
    private let position: Int

    /// `position`: the convolution's number in the sequence.
    init(_ input: Int, _ output: Int, kernel: Int, dilation: Int = 1, position: Int = 0, initialization: Initialization) throws {
        conv = try Conv2d(input, output, kernel: kernel, dilation: dilation, initialization: initialization)
        norm = try BatchNorm2d(output)
        self.position = position
    }

    func callAsFunction(_ x: Tensor) throws -> Tensor { try norm(conv(x), relu: true) }

    func prepared(dtype: DType) throws -> PreparedConv2d { try conv.prepared(with: norm, relu: true, dtype: dtype) }

    var children: [(name: String, module: any Module)] { [("\(position)", conv), ("\(position + 1)", norm)] }
}

/// A convolution with folded batch norm of several maps beside each other, which are never put together: it adds up what each map
/// contributes, so that a map may go as soon as it has been read.
struct SplitConvolution {
    private let parts: [PreparedConv2d]

    /// `widths`: channels of the maps, in the order in which the convolution has them.
    init(_ layer: ConvNormReLU, widths: [Int], dtype: DType) throws {
        let (conv, norm) = (layer.conv, layer.norm)
        var start = 0
        parts = try withoutGradient {
            let scale = try norm.weight / (norm.runningVariance + norm.eps).squareRoot()
            let weight = try conv.weight * scale.reshaped([-1, 1, 1, 1])
            let bias = try norm.bias - scale * norm.runningMean
            return try widths.enumerated().map { index, width in
                defer { start += width }
                return try PreparedConv2d(
                    weight: weight.narrowed(dim: 1, start: start, length: width), bias: index == 0 ? bias : bias * 0,
                    padding: conv.padding, dilation: conv.dilation, relu: index == widths.count - 1, dtype: dtype)
            }
        }
    }

    /// Each map is made when its turn comes.
    func callAsFunction(_ maps: [() throws -> Tensor]) throws -> Tensor {
        var sum: Tensor?
        for (part, map) in zip(parts, maps) { sum = try part(map(), addingInto: sum) }
        guard let sum else { throw NetworkError("A convolution of no map was asked for.") }
        return sum
    }
}
