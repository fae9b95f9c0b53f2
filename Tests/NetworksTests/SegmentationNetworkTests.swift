import Networks
import Testing
import Torch
import Weights

@Suite(.serialized)
struct SegmentationNetworkTests {
    static func architecture(_ algorithm: SegmentationAlgorithm, _ backbone: String = "resnet-18", classes: Int = 3) throws
        -> SegmentationArchitecture
    {
        try SegmentationArchitecture(algorithm: algorithm, backbone: backbone, classes: classes)
    }

    @Test("Any height and width works, in training with a batch of one and prepared", arguments: SegmentationAlgorithm.allCases)
    func sizes(algorithm: SegmentationAlgorithm) throws {
        let network = try Self.architecture(algorithm).makeNetwork(hasAuxiliary: true)
        for (height, width) in [(64, 64), (1, 1), (33, 250), (97, 40)] {
            let x = try Tensor.randomNormal([1, 3, height, width], seed: 1)
            let expected = [1, 3, (height + 7) / 8, (width + 7) / 8]
            network.train()
            let output = try network(x)
            #expect(output.logits.shape == expected && output.auxiliary?.shape == expected)
            network.train(false)
            let plan = try network.inferencePlan(precision: .float32, device: .cpu)
            let (scores, truth) = try withInference { (try plan(x), try network(x).logits) }
            #expect(scores.shape == expected)
            let difference = try (scores - truth).magnitude().max().item()
            #expect(try difference <= 1e-4 * max(1, truth.magnitude().max().item()), "\(height) × \(width)")
        }
    }

    @Test("A network is told by its name, and by the names and shapes of its weights", arguments: SegmentationAlgorithm.allCases)
    func architecture(algorithm: SegmentationAlgorithm) throws {
        for backbone in ["resnet-18", "resnet-34"] {
            let made = try Self.architecture(algorithm, backbone)
            #expect(made.name == "\(algorithm.rawValue)-\(backbone)")
            #expect(try SegmentationArchitecture(name: made.name, classes: 3) == made)
            for hasAuxiliary in [true, false] {
                let weights = try WeightDictionary(made.makeNetwork(hasAuxiliary: hasAuxiliary).weightArrays())
                #expect(try SegmentationArchitecture(of: weights, source: "a") == made)
                #expect(SegmentationArchitecture.hasAuxiliary(weights) == hasAuxiliary)
                #expect(made.classHeads.allSatisfy { head in weights.names.contains { $0.hasPrefix(head) } || !hasAuxiliary })
            }
        }
    }

    @Test("Faulty descriptions are refused with the choice")
    func refusals() throws {
        #expect(throws: NetworkError("backbone 'resnet-152' is not one of resnet-18, resnet-34, resnet-50, resnet-101.")) {
            try Self.architecture(.fcn, "resnet-152")
        }
        #expect(throws: NetworkError("num_classes 255 is not in 2…254, the background included.")) {
            try Self.architecture(.fcn, classes: 255)
        }
        #expect(throws: NetworkError.self) { try Self.architecture(.psp, classes: 1) }
        #expect(throws: NetworkError.self) { try SegmentationArchitecture(name: "unet-resnet-18", classes: 2) }
        #expect(throws: NetworkError.self) { try SegmentationArchitecture(of: ResNet(depth: 18, classes: 2).dictionary(), source: "a") }
    }

    @Test("A classifier's weights fill the backbone, with and without its prefix, and the heads keep theirs")
    func backbone() throws {
        let architecture = try Self.architecture(.deeplab)
        let classifier = try ResNet(depth: 18, classes: 10, seed: 5)
        let plain = try classifier.dictionary()
        let prefixed = try WeightDictionary(
            plain.arrays.map { array in
                var array = array
                array.name = "backbone." + array.name
                return array
            })
        for weights in [plain, prefixed] {
            let network = try architecture.makeNetwork(seed: 1)
            let before = try network.dictionary()
            try architecture.loadBackbone(network, from: weights, source: "a")
            let after = try network.dictionary()
            for name in after.names where !name.hasPrefix("backbone.") { #expect(after[name]?.floats() == before[name]?.floats()) }
            #expect(after["backbone.layer4.1.conv2.weight"]?.floats() == plain["layer4.1.conv2.weight"]?.floats())
            #expect(after["backbone.layer4.1.conv2.weight"]?.floats() != before["backbone.layer4.1.conv2.weight"]?.floats())
        }
        let error = #expect(throws: NetworkError.self) {
            try architecture.loadBackbone(architecture.makeNetwork(), from: ResNet(depth: 50, classes: 2).dictionary(), source: "r50.pth")
        }
        #expect(error?.description.contains("r50.pth does not fit backbone 'resnet-18'") == true)
    }

    @Test("The same seed gives the same weights with and without an auxiliary head, another seed others")
    func seeds() throws {
        let architecture = try Self.architecture(.psp)
        let (a, b, c) = try (
            architecture.makeNetwork(seed: 3).dictionary(), architecture.makeNetwork(seed: 3, hasAuxiliary: true).dictionary(),
            architecture.makeNetwork(seed: 4).dictionary()
        )
        #expect(a.names.allSatisfy { a[$0]?.floats() == b[$0]?.floats() })
        #expect(a["classifier.5.weight"]?.floats() != c["classifier.5.weight"]?.floats())
    }

    @Test("A pass of an update drops the same again after others have passed, and another update drops others")
    func dropout() throws {
        let layer = Dropout(0.5, seed: 7)
        let x = try Tensor.ones([1, 64, 8, 8])
        func draw(_ update: Int) throws -> [Float] {
            layer.update = update
            return try layer(x).elements()
        }
        let first = try draw(0)
        let second = try layer(x).elements(as: Float.self)
        #expect(try draw(1) != first)
        #expect(second != first)
        #expect(try draw(0) == first)
        #expect(try layer(x).elements() == second)
        layer.setTraining(false)
        #expect(try layer(x).elements() == x.elements(as: Float.self))
        #expect(try Self.architecture(.deeplab).makeNetwork(hasAuxiliary: true).dropouts.map(\.rate) == [0.5, 0.1])
    }
}

extension Module {
    fileprivate func dictionary() throws -> WeightDictionary { try WeightDictionary(weightArrays()) }
}
