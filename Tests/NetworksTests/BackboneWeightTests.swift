import Foundation
import Networks
import Testing
import Torch
import Weights

private let pretrained = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent().deletingLastPathComponent().appendingPathComponent("shared/data/pretrained").path

@Suite(.serialized)
struct BackboneWeightTests {
    static let edgeDetector = pretrained + "/vgg16_hed_fp16.safetensors"

    static func tensors(_ module: any Module) -> [String: Tensor] {
        Dictionary(uniqueKeysWithValues: module.namedTensors.map { ($0.name, $0.tensor) })
    }

    /// The classifier's numbers, small integers that differ from place to place.
    static func byte(_ place: Int) -> UInt8 { UInt8(truncatingIfNeeded: (place &* 2_654_435_761) >> 13) }

    /// A whole VGG-16. Its fully connected layers are bytes: as floats they would be half a gigabyte.
    static func classifier() throws -> WeightDictionary {
        let features = try VGG16(seed: 7).weightArrays().map { array in
            try WeightArray(name: "features." + array.name, type: array.type, shape: array.shape, bytes: array.bytes)
        }
        let shapes = [("0.weight", [4096, 25088]), ("0.bias", [4096]), ("3.weight", [4096, 4096]), ("3.bias", [4096])]
        let layers = try shapes.map { name, shape in
            let bytes = (0..<shape.reduce(1, *)).map(byte)
            return try WeightArray(name: "classifier." + name, type: .u8, shape: shape, bytes: WeightBytes(bytes))
        }
        return try WeightDictionary(features + layers)
    }

    @Test("A VGG-16 classifier fills the convolutions, and every fourth output and third pixel of its layers fc6 and fc7")
    func vggClassifier() throws {
        let architecture = try DetectionArchitecture(base: "vgg-16", classes: 3, size: 300)
        let network = try architecture.makeNetwork(seed: 1)
        let before = try Self.tensors(network)["head.classification_head.module_list.0.weight"]?.bytes()
        let weights = try Self.classifier()
        try architecture.loadBackbone(network, from: weights, source: "vgg16.pth")
        let loaded = Self.tensors(network)
        func equal(_ name: String, _ truth: Tensor) throws {
            #expect(try loaded[name]?.elements(as: Float.self) == truth.to(.float32).elements(as: Float.self), "\(name)")
        }
        try equal("backbone.features.2.weight", Tensor(#require(weights["features.2.weight"])))
        try equal("backbone.extra.0.5.bias", Tensor(#require(weights["features.28.bias"])))
        let fc6 = try #require(loaded["backbone.extra.0.7.1.weight"]).elements(as: Float.self)
        for (output, input, row, column) in [(0, 0, 0, 0), (1, 2, 1, 0), (1023, 511, 2, 2), (500, 77, 0, 1)] {
            let place = ((4 * output * 512 + input) * 7 + 3 * row) * 7 + 3 * column
            #expect(fc6[((output * 512 + input) * 3 + row) * 3 + column] == Float(Self.byte(place)))
        }
        let fc7 = try #require(loaded["backbone.extra.0.7.3.weight"]).elements(as: Float.self)
        #expect(fc7[3 * 1024 + 5] == Float(Self.byte(12 * 4096 + 20)))
        #expect(try loaded["backbone.extra.0.7.1.bias"]?.elements(as: Float.self)[9] == Float(Self.byte(36)))
        #expect(try loaded["head.classification_head.module_list.0.weight"]?.bytes() == before)
    }

    @Test("The first convolution is converted from the classifier's input to the detector's")
    func inputConvention() throws {
        let architecture = try DetectionArchitecture(base: "vgg-16", classes: 3, size: 300)
        let network = try architecture.makeNetwork()
        let weights = try Self.classifier()
        try architecture.loadBackbone(network, from: weights, source: "vgg16.pth")
        let loaded = Self.tensors(network)
        let pixels = try Tensor.randomUniform([1, 8, 8, 3], in: 0...255, seed: 3).to(.uint8)
        func first(_ weight: Tensor, _ bias: Tensor, mean: [Float], std: [Float]) throws -> Tensor {
            // Without zeros around: they stand for another colour in each convention.
            try conv2d(normalizeImages(pixels, mean: mean, std: std), weight: weight, bias: bias)
        }
        let classifier = try first(
            Tensor(#require(weights["features.0.weight"])), Tensor(#require(weights["features.0.bias"])),
            mean: PreprocessingDescription.imageNetMean, std: PreprocessingDescription.imageNetStd)
        let preprocessing = architecture.preprocessing
        let detector = try first(
            #require(loaded["backbone.features.0.weight"]), #require(loaded["backbone.features.0.bias"]), mean: preprocessing.mean,
            std: preprocessing.std)
        #expect(try (classifier - detector).magnitude().max().item() < 1e-5 * classifier.magnitude().max().item())
    }

    @Test("A ResNet classifier fills the first three stages", arguments: [18, 50])
    func resNet(depth: Int) throws {
        let classifier = try ResNet(depth: depth, classes: 10, seed: 5)
        let architecture = try DetectionArchitecture(base: "resnet-\(depth)", classes: 2, size: 300)
        let network = try architecture.makeNetwork(seed: 1)
        try architecture.loadBackbone(network, from: WeightDictionary(classifier.weightArrays()), source: "resnet.pth")
        let (theirs, mine) = (Self.tensors(classifier), Self.tensors(network))
        let copied = mine.keys.filter { $0.hasPrefix("backbone.") && !$0.contains("extra") }
        #expect(copied.count == theirs.keys.filter { !$0.hasPrefix("layer4") && !$0.hasPrefix("fc") }.count)
        for name in copied {
            #expect(try mine[name]?.bytes() == theirs[String(name.dropFirst("backbone.".count))]?.bytes(), "\(name)")
        }
    }

    @Test("Weights of another network are refused by the first name that is missing, and nothing is copied")
    func misfit() throws {
        let architecture = try DetectionArchitecture(base: "vgg-16", classes: 2, size: 300)
        let network = try architecture.makeNetwork()
        let before = try Self.tensors(network)["backbone.features.0.weight"]?.bytes()
        let error = #expect(throws: NetworkError.self) {
            try architecture.loadBackbone(
                network, from: WeightDictionary(ResNet(depth: 18, classes: 2).weightArrays()), source: "resnet18.pth")
        }
        #expect(error?.description.contains("resnet18.pth does not fit base_network 'vgg-16': it lacks features.0.weight") == true)
        #expect(try Self.tensors(network)["backbone.features.0.weight"]?.bytes() == before)
    }
}

/// A real VGG-16 of `shared/data/pretrained`, which was made for BGR in 0…255.
@Suite(.serialized, .enabled(if: FileManager.default.fileExists(atPath: BackboneWeightTests.edgeDetector), "needs ../shared/data"))
struct EdgeDetectorTests {
    struct Reference: Decodable {
        struct Detector: Decodable { let synthetic_64x96: Synthetic }
        struct Synthetic: Decodable { let stages: [String: Stage] }
        struct Stage: Decodable {
            let shape: [Int]
            let mean, std: Double
            let first4: [Double]
        }
        let vgg16_hed: Detector
    }

    @Test("Its features are those that PyTorch measured")
    func features() throws {
        let json = try Data(contentsOf: URL(fileURLWithPath: pretrained + "/reference_outputs.json"))
        let stages = try JSONDecoder().decode(Reference.self, from: json).vgg16_hed.synthetic_64x96.stages

        let file = try SafeTensors.read(BackboneWeightTests.edgeDetector)
        let vgg = try VGG16()
        for named in vgg.namedTensors {
            try withoutGradient { try named.tensor.copy(from: Tensor(#require(file["features.\(named.name)"]))) }
        }
        var values: [Float] = []
        for (c, mean) in ([104.00699, 116.66877, 122.67892] as [Float]).enumerated() {
            for h in 0..<64 {
                for w in 0..<96 {
                    let value = (7 * h + 13 * w + 29 * c) % 256
                    values.append(Float(value) - mean)
                }
            }
        }
        let maps = try withoutGradient { try vgg.features(Tensor(values, shape: [1, 3, 64, 96]).channelsLast()) }
        for (name, map) in zip(["conv1_2", "conv2_2", "conv3_3", "conv4_3", "conv5_3"], maps) {
            let truth = try #require(stages[name])
            #expect(map.shape == truth.shape)
            let found = try map.elements(as: Float.self).map(Double.init)
            let average = found.reduce(0, +) / Double(found.count)
            let squares = found.map { ($0 - average) * ($0 - average) }.reduce(0, +)
            let deviation = (squares / Double(found.count)).squareRoot()
            #expect(abs(average - truth.mean) < 1e-3 * truth.mean, "\(name)")
            #expect(abs(deviation - truth.std) < 1e-3 * truth.std, "\(name)")
            #expect(zip(found, truth.first4).allSatisfy { abs($0 - $1) < 2e-3 * max(1, $1) }, "\(name): \(found.prefix(4))")
        }
    }

    @Test("As a backbone it sees the same picture through the detector's input")
    func backbone() throws {
        let architecture = try DetectionArchitecture(base: "vgg-16", classes: 3, size: 300)
        let network = try architecture.makeNetwork()
        let file = try SafeTensors.read(BackboneWeightTests.edgeDetector)
        try architecture.loadBackbone(network, from: file, source: BackboneWeightTests.edgeDetector)
        let loaded = BackboneWeightTests.tensors(network)
        let rgb = try Tensor.randomUniform([1, 3, 6, 6], in: 0...255, seed: 2)
        func mean(_ values: [Float]) throws -> Tensor { try Tensor(values, shape: [1, 3, 1, 1]) }
        let bgr = try rgb.selecting(Tensor([2, 1, 0] as [Int64]), dim: 1) - mean([104.00699, 116.66877, 122.67892])
        let theirs = try conv2d(
            bgr, weight: Tensor(#require(file["features.0.weight"])).to(.float32),
            bias: Tensor(#require(file["features.0.bias"])).to(.float32))
        let own = try rgb - mean(architecture.preprocessing.mean.map { $0 * 255 })
        let mine = try conv2d(own, weight: #require(loaded["backbone.features.0.weight"]), bias: loaded["backbone.features.0.bias"])
        #expect(try (mine - theirs).magnitude().max().item() < 1e-4 * theirs.magnitude().max().item())
    }
}
