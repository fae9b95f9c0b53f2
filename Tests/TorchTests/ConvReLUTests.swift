import Testing
import Torch

@Suite struct ConvReLUTests {
    struct Shape: Sendable {
        let input, output, side, kernel, stride, padding, dilation: Int
        let pooling: MaxPooling?
    }

    static let shapes = [
        Shape(input: 3, output: 16, side: 20, kernel: 3, stride: 1, padding: 1, dilation: 1, pooling: nil),
        Shape(
            input: 16, output: 32, side: 19, kernel: 3, stride: 1, padding: 1, dilation: 1,
            pooling: MaxPooling(kernel: 2, stride: 2, roundsUp: true)),
        Shape(
            input: 16, output: 24, side: 13, kernel: 3, stride: 1, padding: 6, dilation: 6,
            pooling: MaxPooling(kernel: 3, stride: 1, padding: 1)),
        Shape(input: 8, output: 12, side: 10, kernel: 3, stride: 2, padding: 1, dilation: 1, pooling: nil),
        Shape(input: 64, output: 64, side: 21, kernel: 3, stride: 1, padding: 1, dilation: 1, pooling: nil),
        Shape(input: 128, output: 64, side: 15, kernel: 3, stride: 1, padding: 1, dilation: 1, pooling: nil),
        Shape(
            input: 64, output: 128, side: 18, kernel: 3, stride: 1, padding: 1, dilation: 1, pooling: MaxPooling(kernel: 2, stride: 2)),
    ]

    /// The output, and the gradients of the input, the weight and the bias.
    struct Results {
        static let names = ["output", "input's gradient", "weight's gradient", "bias's gradient"]
        var values: [[Float]]

        /// The largest difference, as a share of the largest value.
        func worst(_ index: Int, from truth: Results) -> Float {
            let largest = truth.values[index].map(abs).max() ?? 0
            let differences = zip(values[index], truth.values[index]).map { abs($0 - $1) }
            return values[index].count == truth.values[index].count && largest > 0 ? (differences.max() ?? 0) / largest : .infinity
        }

        /// The root of the sum of squared differences.
        func error(_ index: Int, from truth: Results) -> Float {
            zip(values[index], truth.values[index]).reduce(0) { $0 + ($1.0 - $1.1) * ($1.0 - $1.1) }.squareRoot()
        }
    }

    /// One pass, with the fused function or with libtorch's functions one by one.
    ///
    /// All numbers are exact in bfloat16. The bias keeps sums three deviations away from 0: ReLU has a kink, and where rounding decides
    /// the side that a sum lies on, gradients differ by a whole pixel.
    func run(_ shape: Shape, fused: Bool, precision: DType) throws -> Results {
        let weightScale = 1 / Double(shape.input * shape.kernel * shape.kernel).squareRoot()
        let x = try Tensor.randomNormal([2, shape.input, shape.side, shape.side], seed: 1).to(.bfloat16).to(.float32).channelsLast()
            .requiringGradient()
        let weight = try (Tensor.randomNormal([shape.output, shape.input, shape.kernel, shape.kernel], seed: 2) * weightScale)
            .to(.bfloat16).to(.float32).channelsLast().requiringGradient()
        let bias = try Tensor((0..<shape.output).map { $0 % 4 == 0 ? -5 : 5 } as [Float]).requiringGradient()
        let y = try withAutocast(to: precision, on: .cpu) {
            if fused {
                return try conv2dReLU(
                    x, weight: weight, bias: bias, stride: shape.stride, padding: shape.padding, dilation: shape.dilation,
                    pooling: shape.pooling)
            }
            let y = try relu(
                conv2d(x, weight: weight, bias: bias, stride: shape.stride, padding: shape.padding, dilation: shape.dilation))
            return try shape.pooling.map { try maxPool2d(y, $0) } ?? y
        }
        #expect(y.dtype == precision)
        try (y.to(.float32) * Tensor.randomNormal(y.shape, seed: 4).to(.bfloat16).to(.float32)).sum().backward()
        let gradients = try [x, weight, bias].map { try #require($0.gradient).elements(as: Float.self) }
        return Results(values: [try y.to(.float32).elements(as: Float.self)] + gradients)
    }

    @Test("Outputs and gradients equal libtorch's convolution, ReLU and pool one after another", arguments: shapes)
    func agreesWithLibtorch(shape: Shape) throws {
        let (fused, truth) = try (run(shape, fused: true, precision: .float32), run(shape, fused: false, precision: .float32))
        for (index, name) in Results.names.enumerated() {
            #expect(fused.worst(index, from: truth) < 2e-5, "\(name)")
        }
    }

    @Test("Under autocast the results are near those of float32", arguments: shapes)
    func reducedPrecision(shape: Shape) throws {
        let (fused, truth) = try (run(shape, fused: true, precision: .bfloat16), run(shape, fused: false, precision: .float32))
        // Behind a pool another of two nearly equal pixels may be the largest, and the gradients go another way.
        for (index, name) in Results.names.enumerated() where shape.pooling == nil || index == 0 {
            #expect(fused.worst(index, from: truth) < 0.02, "\(name)")
        }
    }

    @Test("Minimal filtering loses at most three times as much as libtorch does in bfloat16", arguments: shapes[4...5])
    func roundingOfMinimalFiltering(shape: Shape) throws {
        let truth = try run(shape, fused: false, precision: .float32)
        let minimal = try run(shape, fused: true, precision: .bfloat16)
        let libtorch = try run(shape, fused: false, precision: .bfloat16)
        for (index, name) in Results.names.enumerated() {
            #expect(minimal.error(index, from: truth) <= 3 * libtorch.error(index, from: truth), "\(name)")
        }
    }

    @Test("Without a graph the same output comes, and frozen weights get no gradient")
    func withoutGraph() throws {
        let shape = Self.shapes[1]
        let x = try Tensor.randomNormal([1, 16, 9, 9], seed: 1).channelsLast()
        let weight = try Tensor.randomNormal([shape.output, 16, 3, 3], seed: 2).channelsLast()
        let bias = try Tensor.randomNormal([shape.output], seed: 3).requiringGradient()
        let y = try conv2dReLU(x, weight: weight, bias: bias, padding: 1, pooling: shape.pooling)
        try y.sum().backward()
        #expect(weight.gradient == nil && x.gradient == nil && bias.gradient != nil)
        let plain = try withoutGradient { try conv2dReLU(x, weight: weight, bias: bias, padding: 1, pooling: shape.pooling) }
        #expect(!plain.requiresGradient)
        #expect(try plain.elements(as: Float.self) == y.elements(as: Float.self))
    }

    @Test("The channels' norm is 1 before the scale, and its gradient that of the formula", arguments: [DType.float32, .bfloat16])
    func channelNorm(dtype: DType) throws {
        var results: [[[Float]]] = []
        for fused in [true, false] {
            let x = try Tensor.randomNormal([2, 37, 5, 4], seed: 1).to(dtype).channelsLast().requiringGradient()
            let scale = try Tensor.randomUniform([37], in: 1...2, seed: 2).requiringGradient()
            let wide = try x.to(.float32)
            let y =
                fused
                ? try l2NormalizeChannels(x, scale: scale).to(.float32)
                : try wide / (wide * wide).sum(dim: 1).squareRoot().reshaped([2, 1, 5, 4]) * scale.reshaped([1, -1, 1, 1])
            try (y * Tensor.randomNormal(y.shape, seed: 3)).sum().backward()
            let gradients = try [x, scale].map { try #require($0.gradient).to(.float32).elements(as: Float.self) }
            results.append([try y.elements(as: Float.self)] + gradients)
        }
        for (mine, theirs) in zip(results[0], results[1]) {
            let share: Float = dtype == .float32 ? 1e-5 : 0.01
            let largest = theirs.map(abs).max() ?? 0
            #expect(zip(mine, theirs).allSatisfy { abs($0 - $1) <= share * largest })
        }
    }

    @Test("A pixel whose channels are all 0 stays 0 and gets a finite gradient")
    func zeroPixel() throws {
        let x = try Tensor.zeros([1, 4, 1, 1]).channelsLast().requiringGradient()
        let y = try l2NormalizeChannels(x, scale: .ones([4]))
        try y.sum().backward()
        #expect(try y.elements(as: Float.self) == [0, 0, 0, 0])
        #expect(try #require(x.gradient).elements(as: Float.self).allSatisfy(\.isFinite))
    }
}
