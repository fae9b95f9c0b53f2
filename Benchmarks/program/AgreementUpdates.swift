import Foundation
import Torch

/// What training does between passes: the loss's scale, and sums over GPUs.
extension Agreement {
    /// Steps with a scaled loss, of which the second overflows, beside the same steps without that one.
    func compareScaling(_ findings: inout Findings) throws {
        for (name, rule) in [
            ("sgd", UpdateRule.sgd(momentum: 0.9)), ("adam", .adam(beta1: 0.9, beta2: 0.999, eps: 1e-8)),
        ] {
            func run(_ device: Device, overflows: Bool) throws -> (weight: Tensor, scale: Tensor) {
                let weight = try Tensor.randomNormal([37], seed: 31).to(device).requiringGradient()
                let scaler = try LossScaler(on: device)
                let optimizer = try Optimizer(
                    rule: rule, weightDecay: 0.01, parameters: [Parameter(name: "w", tensor: weight, decays: true)])
                for factor in overflows ? [1, 1e38, 2] : [1, 2] {
                    try scaler.scaled((weight * weight * factor).sum()).backward()
                    try optimizer.step(learningRate: 0.01, scaler: scaler)
                    optimizer.clearGradients()
                }
                return (try weight.detached(), scaler.state[0].tensor)
            }
            let (found, truth) = (try run(findings.device, overflows: true), try run(.cpu, overflows: false))
            try findings.compare("scaled loss, \(name): a step that overflows changes nothing", found.weight, truth.weight, bound: 1e-6)
            try findings.compare("scaled loss, \(name): the scale is halved", found.scale, Tensor(32_768, shape: []), bound: 0)
        }
    }

    /// A group of this process alone: sums are what they were, by way of Gloo and, on a GPU, of NCCL, its stream and its events.
    func compareSums(_ findings: inout Findings) throws {
        let store = try KeyStore(host: "127.0.0.1", port: 29_417, serves: true, seconds: 20)
        let group = try ProcessGroup(store: store, name: "agreement", rank: 0, size: 1, device: .address("127.0.0.1"), seconds: 60)
        try compareSums(by: "Gloo", group, &findings)
        guard case .cuda(let index) = findings.device else { return }
        print("{\"nccl\": \(try ProcessGroup.ncclVersion())}")
        try group.joinDevices(store: store, name: "agreement", rank: 0, size: 1, device: index, seconds: 60)
        try compareSums(by: "NCCL", group, &findings)
    }

    private func compareSums(by way: String, _ group: ProcessGroup, _ findings: inout Findings) throws {
        func weights(_ device: Device) throws -> [Tensor] {
            try (0..<6).map { try Tensor.randomNormal([64, 33 + $0], seed: UInt64($0)).to(device).requiringGradient() }
        }
        func loss(_ weights: [Tensor]) throws -> Tensor {
            try weights.reduce(Tensor.zeros([], device: weights[0].device)) { try $0 + ($1 * $1).sum() }
        }
        let (there, here) = (try weights(findings.device), try weights(.cpu))
        let reducer = try GradientReducer(there, group: group, bucketBytes: 16_384)
        for round in 1...3 {
            reducer.arm()
            try loss(there).backward()
            let scale = try Tensor(0.5, shape: [], dtype: .float64, device: findings.device)
            if round == 2 { try reducer.finish(scale: 0.5) } else { try reducer.finish(scale: scale) }
            try loss(here).backward()
            for (number, (a, b)) in zip(there, here).enumerated() {
                guard let a = a.gradient, let b = b.gradient else { return try findings.report(way, error: .nan, bound: 0) }
                if number == 0 || number == 5 {
                    try findings.compare("gradients over \(way), round \(round), tensor \(number)", a, b * 0.5, bound: 1e-6)
                }
            }
            for weight in there + here { weight.clearGradient() }
        }
        let number = try Tensor([2.5], shape: [1], device: findings.device)
        try group.startSum(number).wait()
        try findings.compare("a number over \(way)", number, Tensor([2.5], shape: [1]), bound: 0)
        try compareSharedNorm(way, group, &findings)
    }

    /// Batch normalisation of this process alone in its group, beside the processor's own, and the gradient through it.
    private func compareSharedNorm(_ way: String, _ group: ProcessGroup, _ findings: inout Findings) throws {
        func run(_ device: Device) throws -> (output: Tensor, gradient: Tensor?, mean: Tensor, variance: Tensor) {
            let x = try Tensor.randomNormal([4, 19, 13, 11], seed: 51).to(device).requiringGradient()
            let (mean, variance) = (try Tensor.zeros([19], device: device), try Tensor.ones([19]).to(device))
            let (weight, bias) = (try Tensor.randomNormal([19], seed: 52).to(device), try Tensor.randomNormal([19], seed: 53).to(device))
            let output = try batchNorm(
                x, weight: weight, bias: bias, runningMean: mean, runningVariance: variance, training: true, relu: true)
            try (output * output).sum().backward()
            return (try output.detached(), x.gradient, mean, variance)
        }
        SharedNormStatistics.share(over: group)
        let found: (output: Tensor, gradient: Tensor?, mean: Tensor, variance: Tensor)
        do {
            defer { SharedNormStatistics.share(over: nil) }
            found = try run(findings.device)
        }
        let truth = try run(.cpu)
        guard let gradient = found.gradient, let expected = truth.gradient else { return try findings.report(way, error: .nan, bound: 0) }
        for (name, a, b) in [
            ("output", found.output, truth.output), ("gradient", gradient, expected), ("running mean", found.mean, truth.mean),
            ("running variance", found.variance, truth.variance),
        ] { try findings.compare("shared batch norm over \(way), \(name)", a, b, bound: 1e-5) }
    }
}
