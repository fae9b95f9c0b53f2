import Testing

@testable import Torch

/// On the processor in float32, where an overflow is forced.
@Suite(.serialized)
struct LossScalerTests {
    private static let rules: [UpdateRule] = [
        .sgd(momentum: 0), .sgd(momentum: 0.9), .nag(momentum: 0.9), .adam(beta1: 0.9, beta2: 0.999, eps: 1e-8),
        .rmsprop(decay: 0.9, momentum: 0.9, eps: 1e-8), .adagrad(eps: 1e-7), .adadelta(rho: 0.9, eps: 1e-5),
    ]

    /// Weights, the optimiser's state and the scale after steps whose losses are w² times a factor each.
    private static func run(
        _ rule: UpdateRule, factors: [Double], rates: [Double]? = nil, scaler: LossScaler? = nil
    ) throws -> (numbers: [[Float]], steps: Int, scale: Double?) {
        let weight = try Tensor([0.5, -1.25, 3] as [Float]).requiringGradient()
        let optimizer = try Optimizer(
            rule: rule, weightDecay: 0.01, parameters: [Parameter(name: "w", tensor: weight, decays: true)])
        for (index, factor) in factors.enumerated() {
            let loss = try (weight * weight * factor).sum()
            try (scaler?.scaled(loss) ?? loss).backward()
            try optimizer.step(learningRate: rates?[index] ?? 0.01, scaler: scaler)
            optimizer.clearGradients()
        }
        let tensors = try [weight.detached()] + optimizer.state.map(\.tensor)
        return (try tensors.map { try $0.elements(as: Float.self) }, optimizer.stepCount, try scaler?.state[0].tensor.item())
    }

    @Test("A scaled loss gives the weights of the plain one, bit for bit", arguments: rules)
    func scaling(rule: UpdateRule) throws {
        let plain = try Self.run(rule, factors: [1, 2, 0.5])
        let scaled = try Self.run(rule, factors: [1, 2, 0.5], scaler: LossScaler(on: .cpu))
        #expect(plain.numbers == scaled.numbers)
        #expect(scaled.scale == 65_536)
    }

    @Test("A step whose gradient overflows is skipped and halves the scale; nothing else changes", arguments: rules)
    func overflow(rule: UpdateRule) throws {
        let without = try Self.run(rule, factors: [1, 2, 0.5], scaler: LossScaler(on: .cpu))
        // 1e38 · 65536 is beyond float32; so is what is no number.
        let with = try Self.run(rule, factors: [1, 1e38, 2, .nan, 0.5], scaler: LossScaler(on: .cpu))
        #expect(without.numbers == with.numbers)
        #expect(with.numbers[0].allSatisfy { $0.isFinite })
        #expect(with.scale == 16_384)
    }

    @Test("The rate may change at a step that is skipped")
    func rateChanges() throws {
        let rule = UpdateRule.sgd(momentum: 0.9)
        let without = try Self.run(rule, factors: [1, 2, 0.5], rates: [0.5, 0.25, 0.25], scaler: LossScaler(on: .cpu))
        let with = try Self.run(rule, factors: [1, 1e38, 2, 0.5], rates: [0.5, 0.25, 0.25, 0.25], scaler: LossScaler(on: .cpu))
        #expect(without.numbers == with.numbers)
    }

    @Test("The scale doubles after so many good steps in a row, and an overflow begins the count anew")
    func growth() throws {
        let rule = UpdateRule.sgd(momentum: 0)
        func scale(_ factors: [Double]) throws -> Double? {
            try Self.run(rule, factors: factors, scaler: LossScaler(on: .cpu, scale: 1024, interval: 3)).scale
        }
        #expect(try scale([1, 1]) == 1024)
        #expect(try scale([1, 1, 1]) == 2048)
        #expect(try scale([1, 1, 1e38, 1, 1]) == 512)
        #expect(try scale([1, 1, 1e38, 1, 1, 1]) == 1024)
    }

    @Test("Its state goes on where it was")
    func state() throws {
        let first = try LossScaler(on: .cpu, scale: 1024, interval: 3)
        _ = try Self.run(.sgd(momentum: 0), factors: [1, 1], scaler: first)
        let second = try LossScaler(on: .cpu, interval: 3)
        for (from, to) in zip(first.state, second.state) { try to.tensor.copy(from: from.tensor) }
        #expect(try Self.run(.sgd(momentum: 0), factors: [1], scaler: second).scale == 2048)
    }
}
