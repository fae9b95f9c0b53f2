import Foundation
import Testing

@testable import Torch

/// Against weights that MXNet 1.9.1's own optimisers wrote: Tests/Fixtures/networks/README.md says how.
@Suite(.serialized)
struct OptimizerTests {
    struct Fixture: Decodable {
        struct Case: Decodable {
            let name: String
            let learningRate: Double
            let arguments: [String: Argument]
            let steps: [[String: [Float]]]
        }
        let weightDecay: Double
        let learningRateFactor: Double
        let learningRateDropsAtStep: Int
        let shapes: [String: [Int]]
        let initial: [String: [Float]]
        let gradients: [[String: [Float]]]
        let cases: [Case]
    }

    enum Argument: Decodable {
        case number(Double)
        case flag(Bool)

        init(from decoder: any Decoder) throws {
            let container = try decoder.singleValueContainer()
            if let flag = try? container.decode(Bool.self) { self = .flag(flag) } else { self = .number(try container.decode(Double.self)) }
        }

        var number: Double { if case .number(let value) = self { value } else { 0 } }
        var flag: Bool { if case .flag(let value) = self { value } else { false } }
    }

    static let fixture: Fixture = {
        let url = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .appendingPathComponent("Fixtures/networks/optimizers.json")
        let decoder = JSONDecoder()
        decoder.keyDecodingStrategy = .convertFromSnakeCase
        guard let data = try? Data(contentsOf: url), let fixture = try? decoder.decode(Fixture.self, from: data) else {
            fatalError("\(url.path) does not decode")
        }
        return fixture
    }()

    /// MXNet's name and arguments as an update rule. Its in-place `nag` decays the velocity with weights that it has overwritten already:
    /// the rule as it is written down is `nag out of place`.
    static func rule(_ entry: Fixture.Case) -> UpdateRule? {
        func number(_ name: String) -> Double { entry.arguments[name]?.number ?? 0 }
        switch entry.name {
        case let name where name.hasPrefix("sgd"): return .sgd(momentum: number("momentum"))
        case "nag out of place": return .nag(momentum: number("momentum"))
        case let name where name.hasPrefix("adam"): return .adam(beta1: number("beta1"), beta2: number("beta2"), eps: number("epsilon"))
        case let name where name.hasPrefix("rmsprop"):
            let centred = entry.arguments["centered"]?.flag ?? false
            return .rmsprop(decay: number("gamma1"), momentum: centred ? number("gamma2") : nil, eps: number("epsilon"))
        case let name where name.hasPrefix("adagrad"):
            return .adagrad(eps: entry.arguments["eps"]?.number ?? entry.arguments["epsilon"]?.number ?? 1e-7)
        case let name where name.hasPrefix("adadelta"): return .adadelta(rho: number("rho"), eps: number("epsilon"))
        default: return nil
        }
    }

    @Test(
        "Six steps with a falling rate give MXNet's weights", arguments: fixture.cases.filter { rule($0) != nil }.map(\.name))
    func parity(name: String) throws {
        let fixture = Self.fixture
        let entry = try #require(fixture.cases.first { $0.name == name })
        let rule = try #require(Self.rule(entry))
        let names = fixture.shapes.keys.sorted()
        let parameters = try names.map { name in
            Parameter(
                name: name, tensor: try Tensor(try #require(fixture.initial[name]), shape: fixture.shapes[name]).requiringGradient(),
                decays: name.hasSuffix("weight"))
        }
        let optimizer = try Optimizer(rule: rule, weightDecay: fixture.weightDecay, parameters: parameters)
        for (index, gradients) in fixture.gradients.enumerated() {
            for parameter in parameters {
                let gradient = try Tensor(try #require(gradients[parameter.name]), shape: fixture.shapes[parameter.name])
                try (parameter.tensor * gradient).sum().backward()
            }
            let dropped = index + 1 >= fixture.learningRateDropsAtStep
            try optimizer.step(learningRate: entry.learningRate * (dropped ? fixture.learningRateFactor : 1))
            optimizer.clearGradients()
            for parameter in parameters {
                let truth = try #require(entry.steps[index][parameter.name])
                let values = try parameter.tensor.elements(as: Float.self)
                for (value, truth) in zip(values, truth) {
                    #expect(abs(value - truth) < 3e-6, "\(name), step \(index + 1), \(parameter.name)")
                }
            }
        }
    }

    @Test("Every optimiser of the fixture is tried, apart from MXNet's in-place quirk")
    func coverage() {
        #expect(Self.fixture.cases.filter { Self.rule($0) == nil }.map(\.name) == ["nag"])
    }

    @Test("Weights without a gradient stay as they are")
    func withoutGradients() throws {
        let weight = try Tensor.ones([3]).requiringGradient()
        let optimizer = try Optimizer(
            rule: .sgd(momentum: 0.9), weightDecay: 0.1, parameters: [Parameter(name: "w", tensor: weight, decays: true)])
        try optimizer.step(learningRate: 0.1)
        #expect(try weight.elements(as: Float.self) == [1, 1, 1])
    }
}
