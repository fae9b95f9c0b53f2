import Foundation
import Networks
import Testing
import Weights

@testable import Export

/// What files hold; that onnxruntime answers what torchvision and `predict` answer, Conformance/onnx compares.
@Suite("ONNX files")
struct ONNXExportTests {
    private func exported(
        _ description: ModelDescription, _ weights: [WeightArray], size: (height: Int, width: Int)? = nil
    ) throws -> (model: ReadMessage, graph: ReadMessage, weights: WeightDictionary) {
        let path = NSTemporaryDirectory() + "export-\(UUID().uuidString).onnx"
        defer { try? FileManager.default.removeItem(atPath: path) }
        let dictionary = try WeightDictionary(weights)
        try ONNXExport(description, weights: dictionary, source: "model").write(to: path, size: size)
        let model = try #require(ReadMessage([UInt8](Data(contentsOf: URL(fileURLWithPath: path)))))
        return (model, try #require(model.messages(7).first), dictionary)
    }

    private static func description(
        _ task: String, _ network: String, classes: Int, side: Int, channels: Int = 3, multiLabel: Bool = false
    ) -> ModelDescription {
        ModelDescription(
            task: task, network: network, classes: (0..<classes).map { "class \($0)" }, multiLabel: multiLabel,
            preprocessing: PreprocessingDescription(channels: channels, height: side, width: side))
    }

    private static func models() throws -> [(ModelDescription, [WeightArray])] {
        [
            (
                description("classification", "resnet-18", classes: 3, side: 64),
                try ResNet(depth: 18, classes: 3).weightArrays()
            ),
            (
                description("classification", "cifar-resnet-20", classes: 3, side: 32, channels: 1, multiLabel: true),
                try CIFARResNet(depth: 20, classes: 3, channels: 1).weightArrays()
            ),
            (
                description("detection", "ssd-300-resnet-18", classes: 2, side: 300),
                try DetectionArchitecture(base: "resnet-18", classes: 2, size: 300).makeNetwork().weightArrays()
            ),
            (
                description("segmentation", "deeplab-resnet-18", classes: 4, side: 96),
                try SegmentationArchitecture(algorithm: .deeplab, backbone: "resnet-18", classes: 4).makeNetwork().weightArrays()
            ),
            (
                description("segmentation", "psp-resnet-18", classes: 4, side: 96),
                try SegmentationArchitecture(algorithm: .psp, backbone: "resnet-18", classes: 4).makeNetwork().weightArrays()
            ),
        ]
    }

    @Test("Every value is made before it is used, every name is made once, and every learned weight is in the file as it was")
    func whole() throws {
        for (description, arrays) in try Self.models() {
            let (model, graph, weights) = try exported(description, arrays)
            #expect(model.numbers(1) == [8] && model.messages(8).first?.numbers(2) == [17])
            let initializers = graph.messages(5)
            var known = Set(initializers.flatMap { $0.texts(8) } + graph.messages(11).flatMap { $0.texts(1) } + [""])
            #expect(known.count == initializers.count + 2, "\(description.network)")
            for node in graph.messages(1) {
                for input in node.texts(1) { #expect(known.contains(input), "\(description.network): \(input)") }
                for output in node.texts(2) { #expect(known.insert(output).inserted, "\(description.network): \(output)") }
            }
            for output in graph.messages(12).flatMap({ $0.texts(1) }) { #expect(known.contains(output)) }
            let held = Dictionary(initializers.map { ($0.texts(8)[0], $0) }) { first, _ in first }
            for array in weights.arrays where !array.name.hasSuffix("num_batches_tracked") {
                let tensor = try #require(held[array.name], "\(description.network): \(array.name)")
                #expect(tensor.numbers(1) == array.shape && tensor.numbers(2) == [1])
                #expect(array.bytes.withUnsafeBytes { [UInt8]($0) } == tensor.bytes(9))
            }
            let properties = Dictionary(model.messages(14).map { ($0.texts(1)[0], $0.texts(2)[0]) }) { first, _ in first }
            #expect(properties["task"] == description.task && properties["network"] == description.network)
            #expect(properties["classes"] == String(decoding: try JSONEncoder().encode(description.classes), as: UTF8.self))
        }
    }

    @Test("Inputs and outputs are those that the documentation names")
    func ends() throws {
        func names(_ messages: [ReadMessage]) -> [String] { messages.flatMap { $0.texts(1) } }
        let outputs = try Self.models().map { names(try exported($0, $1).graph.messages(12)) }
        #expect(
            outputs == [
                ["probabilities", "logits"], ["probabilities", "logits"], ["boxes", "scores", "selected"], ["mask", "probabilities"],
                ["mask", "probabilities"],
            ])
        let (description, arrays) = try Self.models()[1]
        let graph = try exported(description, arrays).graph
        #expect(names(graph.messages(11)) == ["images"])
        // Several classes an image: each has a probability of its own.
        let kinds = graph.messages(1).flatMap { $0.texts(4) }
        #expect(kinds.contains("Sigmoid") && !kinds.contains("Softmax"))
    }

    @Test("What can't be exported is refused with the reason, and leaves no file")
    func refusals() throws {
        let (resnet, arrays) = try Self.models()[0]
        func message(_ description: ModelDescription, _ arrays: [WeightArray], _ size: (height: Int, width: Int)? = nil) -> String {
            do {
                _ = try exported(description, arrays, size: size)
                return "no error"
            } catch { return "\(error)" }
        }
        #expect(message(resnet, arrays.filter { $0.name != "layer3.1.bn2.running_var" }).contains("no weight 'layer3.1.bn2.running_var'"))
        #expect(message(resnet, arrays, (4, 4)).contains("4×4 pixels; sides may be from 8"))
        var other = resnet
        other.task = "poetry"
        #expect(message(other, arrays).contains("a model of poetry"))
        let (detector, boxes) = try Self.models()[2]
        #expect(message(detector, boxes, (512, 512)).contains("looks at 300×300"))
        let (segmenter, masks) = try Self.models()[4]
        var unsized = segmenter
        (unsized.preprocessing.height, unsized.preprocessing.width) = (0, 0)
        #expect(message(unsized, masks).contains("Give --size"))
    }
}
