import Networks
import Testing
import Torch
import Weights

@Suite(.serialized)
struct DetectionNetworkTests {
    static func architecture(_ base: String, size: Int = 300, classes: Int = 3) throws -> DetectionArchitecture {
        try DetectionArchitecture(base: base, classes: classes, size: size)
    }

    @Test(
        "Every base gives a row for each anchor at any size from 300 on", arguments: ["vgg-16", "resnet-18", "resnet-50"], [300, 333, 512])
    func sizes(base: String, size: Int) throws {
        let network = try Self.architecture(base, size: size, classes: 2).makeNetwork()
        network.train(false)
        let plan = try network.inferencePlan(precision: .bfloat16, device: .cpu)
        let output = try withInference { try plan(Tensor.zeros([1, 3, size, size])) }
        let count = network.anchors.count
        #expect(output.logits.shape == [1, count, 3] && output.offsets.shape == [1, count, 4])
        #expect(try network.anchors.tensor(on: .cpu).shape == [count, 4])
        if let published = [300: 8732, 512: 24564][size] { #expect(count == published) }
    }

    @Test("A network is told by its name, and by the names and shapes of its weights", arguments: DetectionArchitecture.bases)
    func architecture(base: String) throws {
        let made = try Self.architecture(base)
        #expect(made.name == "ssd-300-\(base)")
        #expect(try DetectionArchitecture(name: made.name, classes: 3) == made)
        #expect(try DetectionArchitecture(of: WeightDictionary(made.makeNetwork().weightArrays()), source: "a") == made)
    }

    @Test("Faulty descriptions are refused with the choice")
    func refusals() throws {
        #expect(throws: NetworkError("base_network 'vgg-19' is not one of vgg-16, resnet-18, resnet-34, resnet-50, resnet-101.")) {
            try Self.architecture("vgg-19")
        }
        #expect(throws: NetworkError.self) { try Self.architecture("vgg-16", size: 299) }
        #expect(throws: NetworkError.self) { try Self.architecture("vgg-16", classes: 0) }
        #expect(throws: NetworkError.self) { try DetectionArchitecture(name: "resnet-50", classes: 1) }
    }

    @Test("A batch of one trains, although the last map has but one value a channel")
    func batchOfOne() throws {
        let network = try Self.architecture("resnet-18").makeNetwork()
        let output = try network(Tensor.randomNormal([1, 3, 300, 300], seed: 1))
        try (output.logits.mean() + output.offsets.mean()).backward()
        for named in network.namedTensors {
            #expect(try named.tensor.sum().item().isFinite, "\(named.name)")
            if let gradient = named.tensor.gradient { #expect(try gradient.sum().item().isFinite, "\(named.name)") }
        }
    }

    @Test("A pattern with MXNet's names freezes what it would freeze there, matched from the start")
    func freezing() throws {
        let vgg = try Self.architecture("vgg-16")
        let network = try vgg.makeNetwork()
        func frozen(_ pattern: String) throws -> [String] {
            try network.parameters(matching: pattern, otherNames: vgg.mxnetNames).sorted()
        }
        let firstTwoStages = [0, 2, 5, 7].flatMap { ["backbone.features.\($0).bias", "backbone.features.\($0).weight"] }
        #expect(try frozen("^(conv1_|conv2_).*") == firstTwoStages)
        #expect(try frozen("conv1_1_weight") == ["backbone.features.0.weight"])
        #expect(try frozen("onv1_1") == [])
        #expect(try frozen("") == [])
        #expect(try frozen("fc[67]$").count == 4)
        #expect(try frozen("backbone\\.features").count == 20)
        #expect(try frozen(".*").count == network.parameters.count)
        #expect(throws: NetworkError.self) { try frozen("(conv1_") }

        try network.freeze(Set(frozen("^(conv1_|conv2_).*")))
        #expect(network.learningParameters.count == network.parameters.count - 8)
        let output = try network(Tensor.randomNormal([1, 3, 300, 300], seed: 1))
        try output.logits.sum().backward()
        for parameter in network.parameters where firstTwoStages.contains(parameter.name) { #expect(parameter.tensor.gradient == nil) }
        // Only a loss of the offsets would reach the regression head; its convolution is one with the other head's.
        #expect(network.learningParameters.filter { $0.tensor.gradient == nil }.allSatisfy { $0.name.contains("regression_head") })
    }

    @Test("The layers that follow a ResNet have the example's names, not those of VGG-16's fifth stage")
    func extraLayers() throws {
        let architecture = try Self.architecture("resnet-18")
        let network = try architecture.makeNetwork()
        func names(_ pattern: String) throws -> Set<String> {
            try network.parameters(matching: pattern, otherNames: architecture.mxnetNames)
        }
        #expect(try names("conv5_|fc[67]").isEmpty)
        let first = try names("multi_feat_1_conv_")
        #expect(first == Set(network.parameters.map(\.name).filter { $0.hasPrefix("backbone.extra.0.") }) && first.count == 6)
    }

    @Test("Frozen batch norms keep their running statistics in training")
    func frozenNorms() throws {
        let architecture = try Self.architecture("resnet-18")
        let network = try architecture.makeNetwork()
        let frozen = try network.parameters(matching: "conv0|bn0|stage1_", otherNames: architecture.mxnetNames)
        #expect(frozen.contains("backbone.layer1.1.bn2.weight") && frozen.contains("backbone.conv1.weight"))
        #expect(!frozen.contains { $0.contains("layer2") || $0.contains("extra") })
        try network.freeze(frozen)
        _ = try network(Tensor.randomNormal([1, 3, 300, 300], seed: 1))
        let tensors = Dictionary(uniqueKeysWithValues: network.namedTensors.map { ($0.name, $0.tensor) })
        #expect(try tensors["backbone.layer1.1.bn2.running_mean"]?.magnitude().max().item() == 0)
        #expect(try (tensors["backbone.layer2.1.bn2.running_mean"]?.magnitude().max().item() ?? 0) > 0)
    }
}
