import Networks
import Testing
import Torch
import Weights

@Suite(.serialized)
struct DetectionParityTests {
    static func network(_ name: String) throws -> (any DetectionNetwork, NetworkFixture) {
        let fixture = try NetworkFixture(name)
        let base = name.hasSuffix("vgg16") ? "vgg-16" : "resnet-18"
        let network = try DetectionArchitecture(base: base, classes: fixture.facts.classes, size: 300).makeNetwork()
        try fixture.fill(network)
        return (network, fixture)
    }

    @Test("Scores, offsets, loss and gradients equal torchvision's", arguments: ["ssd300_vgg16", "ssd300_resnet18"])
    func parity(name: String) throws {
        let (network, fixture) = try Self.network(name)
        #expect(network.parameterCount == fixture.facts.parameters)
        let input = try fixture.input

        func expect(_ output: DetectionOutput, _ mode: String) throws {
            for (key, tensor) in [("logits", output.logits), ("offsets", output.offsets)] {
                try fixture.expect(tensor, equals: "\(key).\(mode)", tensorName: "\(key).\(mode)") { 1e-4 * $0 }
            }
        }
        network.train(false)
        try expect(withoutGradient { try network(input) }, "evaluation")

        network.train()
        let output = try network(input)
        try expect(output, "training")
        var (loss, scale) = (try Tensor.zeros([]), 0.0)
        for (key, tensor) in [("logits", output.logits), ("offsets", output.offsets)] {
            let terms = try tensor * NetworkFixture.values("loss.\(key)", shape: tensor.shape) { 2 * $0 - 1 }
            loss = try loss + terms.mean()
            scale += try (terms * terms).sum().item().squareRoot() / Double(terms.count)
        }
        try loss.backward()
        // Positive and negative scores cancel, so the loss is compared on the scale of what was added up.
        try fixture.expect(loss, equals: "loss", tensorName: "") { _ in 1e-4 * scale }
        for parameter in network.parameters {
            let gradient = try #require(parameter.tensor.gradient, "\(parameter.name)")
            // A norm over the two values that a channel of the last map has makes its gradient nearly vanish.
            try fixture.expect(gradient, equals: "gradient.\(parameter.name)", tensorName: parameter.name) {
                max((name == "ssd300_vgg16" ? 1e-3 : 3e-3) * $0, name == "ssd300_vgg16" ? 0 : 1e-6 * fixture.facts.largestGradient)
            }
        }
    }

    @Test("The prepared network for inference gives the scores and offsets of evaluation", arguments: ["ssd300_vgg16", "ssd300_resnet18"])
    func inference(name: String) throws {
        let (network, fixture) = try Self.network(name)
        network.train(false)
        for precision in [DType.float32, .bfloat16] {
            let plan = try network.inferencePlan(precision: precision, device: .cpu)
            let output = try withInference { try plan(fixture.input) }
            #expect(plan.anchors == network.anchors)
            for (key, tensor) in [("logits", output.logits), ("offsets", output.offsets)] {
                try fixture.expect(tensor, equals: "\(key).evaluation", tensorName: "\(key).evaluation") {
                    (precision == .float32 ? 1e-4 : 0.06) * $0
                }
            }
        }
    }

    @Test(
        "Anchors are torchvision's at 300, at 512 with the paper's scales, and at a size without a fixed grid", arguments: [300, 400, 512])
    func anchors(size: Int) throws {
        let truth = try NetworkFixture.arrays("ssd_anchors")
        let anchors = try DetectionArchitecture(base: "vgg-16", classes: 1, size: size).makeNetwork().anchors
        let values = try anchors.tensor(on: .cpu).elements(as: Float.self)
        let sums = try Tensor(#require(truth["\(size)#sums"])).elements(as: Double.self)
        #expect(Double(values.count) == sums[0])
        #expect(abs(values.reduce(0.0) { $0 + Double($1) } - sums[1]) < 1e-2)
        for (index, expected) in try #require(truth["\(size)#elements"]).floats().enumerated() {
            let place = Int(NetworkFixture.bits("anchors.\(size)#positions", index) % UInt64(values.count))
            #expect(abs(values[place] - expected) <= 2 * expected.ulp, "element \(place)")
        }
    }
}
