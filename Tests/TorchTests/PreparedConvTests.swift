import Testing
import Torch

@Suite struct PreparedConvTests {
    struct Shape: Sendable {
        let images, input, output, height, width, dilation: Int
    }

    /// Such that every way is taken that a 3×3 convolution may go: few and many tiles, tiles that stand over the edges, small maps,
    /// channels that no block fits.
    static let shapes = [
        Shape(images: 1, input: 64, output: 64, height: 75, width: 50, dilation: 1),
        Shape(images: 2, input: 32, output: 128, height: 19, width: 22, dilation: 1),
        Shape(images: 1, input: 256, output: 256, height: 14, width: 14, dilation: 1),
        Shape(images: 3, input: 64, output: 192, height: 17, width: 30, dilation: 2),
        Shape(images: 1, input: 128, output: 128, height: 33, width: 41, dilation: 4),
        Shape(images: 1, input: 64, output: 64, height: 5, width: 6, dilation: 6),
        Shape(images: 2, input: 300, output: 64, height: 21, width: 19, dilation: 12),
        Shape(images: 2, input: 20, output: 100, height: 21, width: 20, dilation: 1),
    ]

    @Test(
        "A prepared 3×3 convolution with an addition and ReLU equals libtorch's in double precision", arguments: shapes, [false, true])
    func equal(_ shape: Shape, isFinal: Bool) throws {
        let x = try Tensor.randomNormal([shape.images, shape.input, shape.height, shape.width], seed: 1).channelsLast()
        let scale = 1 / Double(shape.input * 9).squareRoot()
        let weight = try Tensor.randomNormal([shape.output, shape.input, 3, 3], seed: 2) * scale
        let bias = try Tensor.randomNormal([shape.output], seed: 3)
        let residual = try Tensor.randomNormal([shape.images, shape.output, shape.height, shape.width], seed: 4).channelsLast()

        let sum = try conv2d(
            x.to(.float64), weight: weight.to(.float64), bias: bias.to(.float64), padding: shape.dilation, dilation: shape.dilation)
        let truth = try (isFinal ? relu(sum + residual.to(.float64)) : sum).elements(as: Double.self)
        let prepared = try PreparedConv2d(
            weight: weight, bias: bias, padding: shape.dilation, dilation: shape.dilation, relu: isFinal, dtype: .float32)
        // Twice: the second call finds what the first has prepared.
        for _ in 1...2 {
            let y = try prepared(x, addingInto: isFinal ? (residual + 0).channelsLast() : nil)
            #expect(y.shape == [shape.images, shape.output, shape.height, shape.width])
            let worst = zip(try y.elements(as: Float.self), truth).map { abs(Double($0) - $1) }.max() ?? .infinity
            // Outputs have a deviation of 1.4; libtorch's own single precision differs by up to 9e-6.
            #expect(worst < 2.5e-5, "\(worst)")
        }
    }

    @Test("What is not a number in the input is none in the outputs that it reaches, and leaves the others alone")
    func notANumber() throws {
        var numbers = [Float](repeating: 1, count: 64 * 24 * 24)
        numbers[64 * (12 * 24 + 12)] = .nan
        let x = try Tensor(numbers, shape: [1, 24, 24, 64]).permuted([0, 3, 1, 2]).channelsLast()
        let weight = try Tensor.randomNormal([64, 64, 3, 3], seed: 2)
        let prepared = try PreparedConv2d(weight: weight, bias: .zeros([64]), padding: 1, relu: true, dtype: .float32)
        let y = try prepared(x).elements(as: Float.self)
        #expect(y[12 * 24 + 12].isNaN)
        #expect(!y[2 * 24 + 2].isNaN)
    }
}
