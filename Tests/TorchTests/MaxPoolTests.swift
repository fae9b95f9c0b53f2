import Testing
import Torch

/// The definition, window by window.
private func reference(_ x: [Float], shape: [Int], kernel: Int, stride: Int, padding: Int) -> [Float] {
    let (n, c, h, w) = (shape[0], shape[1], shape[2], shape[3])
    let rows = (h + 2 * padding - kernel) / stride + 1
    let columns = (w + 2 * padding - kernel) / stride + 1
    var y: [Float] = []
    for plane in 0..<n * c {
        for row in 0..<rows {
            for column in 0..<columns {
                var largest = -Float.infinity
                for v in row * stride - padding..<row * stride - padding + kernel where (0..<h).contains(v) {
                    for u in column * stride - padding..<column * stride - padding + kernel where (0..<w).contains(u) {
                        largest = max(largest, x[(plane * h + v) * w + u])
                    }
                }
                y.append(largest)
            }
        }
    }
    return y
}

@Suite struct MaxPoolTests {
    @Test(arguments: [(3, 2, 1), (2, 2, 0), (3, 1, 1), (5, 3, 2)], [DType.float32, .bfloat16])
    func everyLayoutAndTypeGivesTheLargestOfEachWindow(window: (Int, Int, Int), dtype: DType) throws {
        let (kernel, stride, padding) = window
        let shape = [2, 19, 13, 10]
        // Rounded first, so that bfloat16 has the same numbers to choose from; half of them are negative.
        let x = try Tensor.randomNormal(shape, seed: 7).to(dtype)
        let expected = reference(
            try x.to(.float32).elements(as: Float.self), shape: shape, kernel: kernel, stride: stride, padding: padding)
        for input in [x, try x.channelsLast()] {
            let y = try withoutGradient { try maxPool2d(input, kernel: kernel, stride: stride, padding: padding) }
            #expect(try y.to(.float32).elements(as: Float.self) == expected)
        }
    }

    @Test func theGradientGoesToTheLargest() throws {
        let x = try Tensor([1, 5, 2, 3] as [Float], shape: [1, 1, 2, 2]).channelsLast().requiringGradient()
        try maxPool2d(x, kernel: 2, stride: 2).sum().backward()
        #expect(try x.gradient?.elements(as: Float.self) == [0, 1, 0, 0])
    }

    @Test(
        "Values and gradients equal libtorch's, which pools other memory orders",
        arguments: [(3, 2, 1), (2, 2, 0), (3, 1, 1), (5, 3, 2), (2, 3, 0)], [true, false])
    func agreesWithLibtorch(window: (Int, Int, Int), roundsUp: Bool) throws {
        let pooling = MaxPooling(kernel: window.0, stride: window.1, padding: window.2, roundsUp: roundsUp)
        // Rounded, so that some of a window's pixels are equal: the first of them gets the gradient.
        let values = try (Tensor.randomNormal([2, 19, 13, 10], seed: 7) * 4).to(.int32).to(.float32)
        var results: [[[Float]]] = []
        for input in [values, try values.channelsLast()] {
            let x = try input.clone().requiringGradient()
            let y = try maxPool2d(x, pooling)
            try (y * Tensor.randomNormal(y.shape, seed: 8)).sum().backward()
            let gradient = try #require(x.gradient)
            results.append([try y.elements(as: Float.self), try gradient.elements(as: Float.self)])
        }
        #expect(results[0][0] == results[1][0])
        #expect(zip(results[0][1], results[1][1]).allSatisfy { abs($0 - $1) <= 1e-5 })
    }
}
