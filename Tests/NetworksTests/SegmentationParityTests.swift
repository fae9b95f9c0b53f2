import Networks
import Testing
import Torch
import Weights

@Suite(.serialized)
struct SegmentationParityTests {
    static let fixtures = ["fcn_resnet50", "deeplabv3_resnet50", "psp_resnet50"]

    static func network(_ name: String) throws -> (any SegmentationNetwork, NetworkFixture) {
        let fixture = try NetworkFixture(name)
        let algorithm: SegmentationAlgorithm = name.hasPrefix("fcn") ? .fcn : name.hasPrefix("psp") ? .psp : .deeplab
        let network = try SegmentationArchitecture(algorithm: algorithm, backbone: "resnet-50", classes: fixture.facts.classes)
            .makeNetwork(hasAuxiliary: true)
        try NetworkFixture.$lastNorms.withValue(["bn3"]) { try fixture.fill(network) }
        return (network, fixture)
    }

    /// Class ids, and 255 for an eighth of the pixels: the formula of `make_segmentation_fixtures.py`.
    static func masks(_ facts: NetworkFixture.Facts) throws -> Tensor {
        let shape = [facts.inputShape[0], facts.inputShape[2], facts.inputShape[3]]
        return try NetworkFixture.values("masks", shape: shape) { u in
            u < 0.125 ? 255 : ((u - 0.125) / 0.875 * Double(facts.classes)).rounded(.down)
        }.to(.uint8)
    }

    @Test("Outputs, auxiliary outputs, loss and gradients equal torchvision's and an independent PSPNet's", arguments: fixtures)
    func parity(name: String) throws {
        let (network, fixture) = try Self.network(name)
        let facts = fixture.facts
        #expect(network.parameterCount == facts.parameters)
        let input = try fixture.input

        func expect(_ scores: Tensor, equals key: String) throws {
            let enlarged = try resizeBilinear(scores, height: facts.inputShape[2], width: facts.inputShape[3])
            try fixture.expect(enlarged, equals: key, tensorName: key) { 1e-4 * $0 }
        }
        network.train(false)
        let evaluated = try withoutGradient { try network(input) }
        #expect(evaluated.auxiliary == nil)
        try expect(evaluated.logits, equals: "logits.evaluation")

        network.train()
        for layer in network.dropouts { layer.rate = 0 }
        let output = try network(input)
        let auxiliary = try #require(output.auxiliary)
        try expect(output.logits, equals: "logits.training")
        try expect(auxiliary, equals: "auxiliary.training")
        let masks = try Self.masks(facts)
        let loss = try segmentationLoss(output.logits, targets: masks).loss + segmentationLoss(auxiliary, targets: masks).loss * 0.5
        try loss.backward()
        try fixture.expect(loss, equals: "loss", tensorName: "") { 1e-4 * $0 }
        for parameter in network.parameters {
            let gradient = try #require(parameter.tensor.gradient, "\(parameter.name)")
            try fixture.expect(gradient, equals: "gradient.\(parameter.name)", tensorName: parameter.name) {
                max(1e-3 * $0, 1e-6 * facts.largestGradient)
            }
        }
    }

    @Test("The prepared network for inference gives the scores of evaluation", arguments: fixtures)
    func inference(name: String) throws {
        let (network, fixture) = try Self.network(name)
        network.train(false)
        for precision in [DType.float32, .bfloat16] {
            let plan = try network.inferencePlan(precision: precision, device: .cpu)
            let scores = try withInference { try plan(fixture.input).to(.float32) }
            let enlarged = try resizeBilinear(scores, height: fixture.facts.inputShape[2], width: fixture.facts.inputShape[3])
            try fixture.expect(enlarged, equals: "logits.evaluation", tensorName: "logits.evaluation") {
                (precision == .float32 ? 1e-4 : 0.06) * $0
            }
        }
    }
}
