import Networks
import Testing
import Torch
import Weights

@Suite(.serialized)
struct TorchvisionParityTests {
    static func network(_ name: String) throws -> (any ClassificationNetwork, NetworkFixture) {
        let fixture = try NetworkFixture(name)
        let depth = Int(name.drop { !$0.isNumber }) ?? 0
        let network: any ClassificationNetwork =
            name.hasPrefix("cifar")
            ? try CIFARResNet(depth: depth, classes: fixture.facts.classes) : try ResNet(depth: depth, classes: fixture.facts.classes)
        try NetworkFixture.$lastNorms.withValue([depth >= 50 ? "bn3" : "bn2"]) { try fixture.fill(network) }
        return (network, fixture)
    }

    @Test("Logits, loss, gradients and two updates equal PyTorch's", arguments: ["resnet18", "resnet50", "resnet101", "cifar_resnet20"])
    func parity(name: String) throws {
        let (network, fixture) = try Self.network(name)
        let facts = fixture.facts
        let training = try fixture.training()
        #expect(network.parameterCount == facts.parameters)
        let input = try fixture.input
        let classes = try Tensor(training.labels)

        network.train(false)
        let logits = try withoutGradient { try network(input) }
        try fixture.expect(logits, equals: "logits.evaluation", tensorName: "") { 1e-4 * $0 }

        network.train()
        let optimizer = try Optimizer(
            rule: .sgd(momentum: training.momentum), weightDecay: training.weightDecay, parameters: network.parameters)
        for update in 1...2 {
            let logits = try network(input)
            let loss = try crossEntropy(logits, classes)
            try loss.backward()
            if update == 1 {
                try fixture.expect(logits, equals: "logits.training", tensorName: "") { 1e-4 * $0 }
                try fixture.expect(loss, equals: "loss", tensorName: "") { 1e-4 * $0 }
                for parameter in network.parameters {
                    let gradient = try #require(parameter.tensor.gradient)
                    try fixture.expect(gradient, equals: "gradient.\(parameter.name)", tensorName: parameter.name) {
                        max(1e-3 * $0, 1e-6 * facts.largestGradient)
                    }
                }
            }
            try optimizer.step(learningRate: training.learningRate)
            optimizer.clearGradients()
            let keys = Set(fixture.arrays.names.map { String($0.split(separator: "#")[0]) })
            for named in network.namedTensors where keys.contains("after\(update).\(named.name)") {
                try fixture.expect(named.tensor, equals: "after\(update).\(named.name)", tensorName: named.name) { 1e-4 * $0 }
            }
        }
    }

    @Test("The prepared network for inference gives the logits of evaluation", arguments: ["resnet18", "resnet50", "cifar_resnet20"])
    func inference(name: String) throws {
        let (network, fixture) = try Self.network(name)
        network.train(false)
        for precision in [DType.float32, .bfloat16] {
            let plan = try network.inferencePlan(precision: precision, device: .cpu)
            let logits = try withInference { try plan(fixture.input).to(.float32) }
            try fixture.expect(logits, equals: "logits.evaluation", tensorName: "") { (precision == .float32 ? 1e-4 : 0.06) * $0 }
        }
    }

    @Test("A state dict has torchvision's names in torchvision's order")
    func names() throws {
        let names = try ResNet(depth: 18, classes: 10).namedTensors.map(\.name)
        #expect(
            names.prefix(6) == ["conv1.weight", "bn1.weight", "bn1.bias", "bn1.running_mean", "bn1.running_var", "layer1.0.conv1.weight"])
        #expect(names.contains("layer2.0.downsample.0.weight"))
        #expect(names.contains("layer2.0.downsample.1.running_var"))
        #expect(names.suffix(2) == ["fc.weight", "fc.bias"])
    }

    @Test("Parameter counts are the published ones", arguments: [(34, 21_797_672), (152, 60_192_808), (200, 64_673_832)])
    func counts(depth: Int, count: Int) throws {
        #expect(try ResNet(depth: depth, classes: 1000).parameterCount == count)
    }

    @Test("A depth that there is not is refused with the choice")
    func unknownDepth() throws {
        let error = #expect(throws: NetworkError.self) { try ResNet(depth: 77, classes: 2) }
        #expect(error?.description.contains("18, 34, 50, 101, 152, 200") == true)
    }
}
