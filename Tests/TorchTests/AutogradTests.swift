import Testing

@testable import Torch

@Suite(.serialized)
struct AutogradTests {
    @Test("The gradient of a sum of squares is twice the value")
    func gradient() throws {
        let x = try Tensor([1, -2, 3] as [Float]).requiringGradient()
        try (x * x).sum().backward()
        #expect(try x.gradient?.elements(as: Float.self) == [2, -4, 6])
        x.clearGradient()
        #expect(x.gradient == nil)
    }

    @Test("Without gradients nothing is recorded, and recording returns afterwards, also after an error")
    func modes() throws {
        let x = try Tensor.ones([2]).requiringGradient()
        let y = try withoutGradient { try x * 2 }
        #expect(!y.requiresGradient)
        #expect(throws: TorchError.self) { try withoutGradient { _ = try x.reshaped([3]) } }
        #expect(try (x * 2).requiresGradient)
    }

    @Test("Autocast multiplies in bfloat16 inside its scope only")
    func autocast() throws {
        let a = try Tensor.ones([4, 4])
        let inside = try withAutocast(to: .bfloat16, on: .cpu) { try matmul(a, a) }
        #expect(inside.dtype == .bfloat16)
        #expect(try matmul(a, a).dtype == .float32)
        #expect(try withAutocast(to: nil, on: .cpu) { try matmul(a, a) }.dtype == .float32)
    }

    @Test(
        "The fused batch norm with residual and ReLU equals the plain ones, values and gradients",
        arguments: [(1, 3, 5, 7), (4, 16, 8, 8), (2, 64, 9, 3), (8, 33, 4, 4)], [true, false])
    func fusedNorm(size: (n: Int, c: Int, h: Int, w: Int), residual: Bool) throws {
        let shape = [size.n, size.c, size.h, size.w]
        func run(channelsLast: Bool) throws -> [[Float]] {
            func input(_ seed: UInt64) throws -> Tensor {
                let value = try Tensor.randomNormal(shape, seed: seed) * 2 + 1
                return try (channelsLast ? value.channelsLast() : value).detached().requiringGradient()
            }
            let x = try input(1)
            let other = residual ? try input(2) : nil
            let weight = try Tensor.randomUniform([size.c], in: 0.5...1.5, seed: 3).requiringGradient()
            let bias = try Tensor.randomNormal([size.c], seed: 4).requiringGradient()
            let mean = try Tensor.zeros([size.c])
            let variance = try Tensor.ones([size.c])
            let y = try batchNorm(
                x, residual: other, weight: weight, bias: bias, runningMean: mean, runningVariance: variance, training: true, relu: true)
            let target = try Tensor.randomNormal(shape, seed: 5)
            try (y * target).sum().backward()
            return try [y, x.gradient, other?.gradient, weight.gradient, bias.gradient, mean, variance].compactMap {
                try $0?.elements(as: Float.self)
            }
        }
        // The plain path is libtorch's own, which takes row-major memory.
        for (fused, plain) in zip(try run(channelsLast: true), try run(channelsLast: false)) {
            let largest = plain.map(abs).max() ?? 0
            #expect(zip(fused, plain).allSatisfy { abs($0 - $1) <= 2e-4 * max(1, largest) })
        }
    }
}
