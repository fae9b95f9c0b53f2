import Testing
import Torch

/// Convolutions of stride 1 that keep the size, of any dilation.
@Suite struct ConvolutionTests {
    struct Shape: Sendable {
        let input, output, height, width, dilation: Int
    }

    /// Minimal filtering, on grids of every second and fourth pixel, too; tap by tap, with neighbours of which all, some and none lie in
    /// the map; and what libtorch does itself.
    static let shapes = [
        Shape(input: 64, output: 128, height: 17, width: 20, dilation: 1),
        Shape(input: 128, output: 64, height: 22, width: 19, dilation: 2),
        Shape(input: 64, output: 64, height: 30, width: 29, dilation: 4),
        Shape(input: 128, output: 64, height: 15, width: 21, dilation: 12),
        Shape(input: 64, output: 192, height: 26, width: 13, dilation: 12),
        Shape(input: 64, output: 128, height: 9, width: 12, dilation: 12),
        Shape(input: 64, output: 64, height: 31, width: 25, dilation: 24), Shape(input: 48, output: 64, height: 14, width: 15, dilation: 6),
        Shape(input: 64, output: 64, height: 13, width: 15, dilation: 9), Shape(input: 64, output: 64, height: 1, width: 1, dilation: 36),
    ]

    /// The output, and the gradients of the input and the weight.
    static let names = ["output", "input's gradient", "weight's gradient"]

    /// All numbers are exact in bfloat16.
    func run(_ shape: Shape, precision: DType) throws -> [[Float]] {
        let weightScale = 1 / Double(shape.input * 9).squareRoot()
        let x = try Tensor.randomNormal([2, shape.input, shape.height, shape.width], seed: 1).to(.bfloat16).to(.float32).channelsLast()
            .requiringGradient()
        let weight = try (Tensor.randomNormal([shape.output, shape.input, 3, 3], seed: 2) * weightScale).to(.bfloat16).to(.float32)
            .channelsLast().requiringGradient()
        let y = try withAutocast(to: precision, on: .cpu) {
            try conv2d(x, weight: weight, padding: shape.dilation, dilation: shape.dilation)
        }
        #expect(y.dtype == precision && y.shape == [2, shape.output, shape.height, shape.width])
        try (y.to(.float32) * Tensor.randomNormal(y.shape, seed: 4).to(.bfloat16).to(.float32)).sum().backward()
        return try [y.to(.float32).elements()] + [x, weight].map { try #require($0.gradient).elements() }
    }

    /// The root of the sum of squared differences, as a share of that of the values.
    func error(_ values: [Float], from truth: [Float]) -> Float {
        let difference = zip(values, truth).reduce(Float(0)) { $0 + ($1.0 - $1.1) * ($1.0 - $1.1) }.squareRoot()
        return values.count == truth.count ? difference / truth.reduce(0) { $0 + $1 * $1 }.squareRoot() : .infinity
    }

    @Test("In float32 outputs and gradients equal the definition's", arguments: shapes)
    func single(shape: Shape) throws {
        let (mine, truth) = try (run(shape, precision: .float32), definition(shape))
        for (index, name) in Self.names.enumerated() { #expect(error(mine[index], from: truth[index]) < 1e-5, "\(name)") }
    }

    @Test("Under autocast outputs and gradients are those of float32 but for rounding", arguments: shapes)
    func reduced(shape: Shape) throws {
        let (mine, truth) = try (run(shape, precision: .bfloat16), definition(shape))
        for (index, name) in Self.names.enumerated() {
            // What rounding the results once costs is 0.17 %, and what minimal filtering adds makes it up to 0.43 %.
            #expect(error(mine[index], from: truth[index]) < 0.006, "\(name)")
        }
    }

    /// The same as the sum over nine shifted maps.
    func definition(_ shape: Shape) throws -> [[Float]] {
        let weightScale = 1 / Double(shape.input * 9).squareRoot()
        let x = try Tensor.randomNormal([2, shape.input, shape.height, shape.width], seed: 1).to(.bfloat16).to(.float32).channelsLast()
            .requiringGradient()
        let weight = try (Tensor.randomNormal([shape.output, shape.input, 3, 3], seed: 2) * weightScale).to(.bfloat16).to(.float32)
            .channelsLast().requiringGradient()
        let d = shape.dilation
        let wide = try x.padded([d, d, d, d])
        var y: Tensor?
        for tap in 0..<9 {
            let part = try wide.narrowed(dim: 2, start: tap / 3 * d, length: shape.height).narrowed(
                dim: 3, start: tap % 3 * d, length: shape.width)
            let factors = try weight.narrowed(dim: 2, start: tap / 3, length: 1).narrowed(dim: 3, start: tap % 3, length: 1)
            let products = try conv2d(part, weight: factors)
            y = try y.map { try $0 + products } ?? products
        }
        let sum = try #require(y)
        try (sum * Tensor.randomNormal(sum.shape, seed: 4).to(.bfloat16).to(.float32)).sum().backward()
        return try [sum.elements()] + [x, weight].map { try #require($0.gradient).elements() }
    }

    @Test("A frozen weight gets no gradient, and an input without one none")
    func frozen() throws {
        let x = try Tensor.randomNormal([1, 64, 20, 20], seed: 1).channelsLast().requiringGradient()
        let weight = try Tensor.randomNormal([64, 64, 3, 3], seed: 2).channelsLast()
        let y = try withAutocast(to: .bfloat16, on: .cpu) { try conv2d(x, weight: weight, padding: 2, dilation: 2) }
        try y.sum().backward()
        #expect(x.gradient != nil && weight.gradient == nil)
    }
}
