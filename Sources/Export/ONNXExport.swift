import Foundation
import Networks
import Protobuf
import Weights

/// Writes models as ONNX files (opset 17), which onnxruntime, OpenVINO, TensorRT and others open.
///
/// The input is a picture as it is: N, channels, height, width, 0 to 255, RGB. Outputs, by task:
/// - classification: `logits` and `probabilities`, N, classes;
/// - detection: `boxes` (N, anchors, 4: left, top, right, bottom as fractions of the picture's sides), `scores` (N, classes, anchors), and
///   `selected` (rows of image, class, anchor): what non-maximum suppression leaves;
/// - segmentation: `probabilities` (N, classes, height, width) and `mask` (N, height, width).
public struct ONNXExport {
    /// What the model is.
    public let description: ModelDescription
    private let weights: WeightDictionary
    private let source: String

    /// A model's export. `source`: what errors call it.
    public init(_ description: ModelDescription, weights: WeightDictionary, source: String) {
        self.description = description
        self.weights = weights
        self.source = source
    }

    /// Writes the file; it appears when it is whole.
    ///
    /// `size`: of the pictures. Detectors have one of their own. Classifiers take what they were trained for unless another is given, and
    /// segmentation models any size, but for PSPNet, which takes its crops' size.
    /// - Returns: the input's size; nil: any.
    /// - Throws: ``ExportError`` for a model that this program doesn't know, weights that are not its, and a size that can't be;
    ///   `WeightsError` where the file can't be written.
    @discardableResult public func write(to path: String, size: (height: Int, width: Int)? = nil) throws -> (height: Int, width: Int)? {
        let graph = ONNXGraph(weights, source: source)
        let taken: (height: Int, width: Int)?
        do {
            switch description.task {
            case "classification": taken = try classifier(graph, size)
            case "detection": taken = try detector(graph, size)
            case "segmentation": taken = try segmenter(graph, size)
            default: throw ExportError("\(source) is a model of \(description.task), which this program can't export.")
            }
        } catch let error as NetworkError {
            throw ExportError("\(source): \(error)")
        }
        try write(graph, to: path)
        return taken
    }

    private func write(_ graph: ONNXGraph, to path: String) throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        func json(_ value: some Encodable) throws -> String { String(decoding: try encoder.encode(value), as: UTF8.self) }
        let model = graph.model(
            named: description.network, producerVersion: "1",
            properties: [
                ("task", description.task), ("network", description.network), ("classes", try json(description.classes)),
                ("preprocessing", try json(description.preprocessing)),
            ])
        // Protobuf's own limit.
        guard model.count < 1 << 31 else { throw ExportError("\(source) has \(model.count >> 20) MB, and an ONNX file at most 2048.") }
        try writeAtomically(model.pieces, to: path)
    }

    // MARK: Tasks

    private func picture(_ graph: ONNXGraph, _ height: ONNXGraph.Dimension, _ width: ONNXGraph.Dimension) -> String {
        let input = description.preprocessing
        graph.input(
            "images", .float, ["batch", .fixed(input.channels), height, width],
            "Pictures, 0 to 255, \(input.channels == 1 ? "grey" : "red, green, blue"); they are normalised inside.")
        return graph.normalized("images", mean: input.mean, std: input.std)
    }

    private func classifier(_ graph: ONNXGraph, _ size: (height: Int, width: Int)?) throws -> (height: Int, width: Int)? {
        let (input, classes) = (description.preprocessing, description.classes.count)
        let taken = size ?? (input.height, input.width)
        try check(taken, atLeast: 8)
        let x = picture(graph, .fixed(taken.height), .fixed(taken.width))
        let logits = try graph.holds("linear.weight") ? graph.cifarResNet(x) : graph.resNet(x)
        if description.multiLabel {
            graph.node("Sigmoid", [logits], result: "probabilities")
        } else {
            graph.node("Softmax", [logits], [("axis", .integer(1))], result: "probabilities")
        }
        graph.output("probabilities", .float, ["batch", .fixed(classes)], "The probability of each class.")
        graph.output("logits", .float, ["batch", .fixed(classes)], "The scores that they are made of.")
        return taken
    }

    private func detector(_ graph: ONNXGraph, _ size: (height: Int, width: Int)?) throws -> (height: Int, width: Int)? {
        let classes = description.classes.count
        let architecture = try DetectionArchitecture(name: description.network, classes: classes)
        if let size, size != (architecture.size, architecture.size) {
            throw ExportError(
                "\(source) looks at \(architecture.size)×\(architecture.size) pixels, and \(size.width)×\(size.height) are asked for. Leave out --size."
            )
        }
        let anchors = try architecture.makeNetwork().anchors
        try graph.detector(
            picture(graph, .fixed(architecture.size), .fixed(architecture.size)), anchors: anchors)
        let settings = description.hyperparameters
        let best = graph.integers([settings["nms_topk"].flatMap { Int($0) } ?? 400])
        let overlap = graph.floats([settings["nms_threshold"].flatMap { Float($0) } ?? 0.45], shape: [1])
        graph.node(
            "NonMaxSuppression", ["boxes", "scores", best, overlap, graph.floats([0.01], shape: [1])], result: "selected")
        graph.output(
            "boxes", .float, ["batch", .fixed(anchors.count), 4],
            "Left, top, right and bottom of each anchor's box, as fractions of the sides.")
        graph.output("scores", .float, ["batch", .fixed(classes), .fixed(anchors.count)], "The score of each class for each box.")
        graph.output(
            "selected", .int64, ["objects", 3], "What non-maximum suppression leaves of scores above 0.01: image, class and anchor of each."
        )
        return (architecture.size, architecture.size)
    }

    private func segmenter(_ graph: ONNXGraph, _ size: (height: Int, width: Int)?) throws -> (height: Int, width: Int)? {
        let classes = description.classes.count
        let architecture = try SegmentationArchitecture(name: description.network, classes: classes)
        var taken = size
        if architecture.algorithm == .psp, taken == nil, case let crop = description.preprocessing, crop.height > 0 {
            taken = (crop.height, crop.width)
        }
        if let taken { try check(taken, atLeast: 8) }
        let (height, width): (ONNXGraph.Dimension, ONNXGraph.Dimension) =
            taken.map { (.fixed($0.height), .fixed($0.width)) } ?? ("height", "width")
        let logits = try graph.segmenter(picture(graph, height, width), architecture.algorithm, size: taken)
        graph.node("Softmax", [graph.enlarged(logits, like: "images")], [("axis", .integer(1))], result: "probabilities")
        let best = graph.node("ArgMax", ["probabilities"], [("axis", .integer(1)), ("keepdims", .integer(0))])
        graph.node("Cast", [best], [("to", .integer(ONNXGraph.ElementType.uint8.rawValue))], result: "mask")
        graph.output("mask", .uint8, ["batch", height, width], "The likeliest class of each pixel.")
        graph.output("probabilities", .float, ["batch", .fixed(classes), height, width], "The probability of each class at each pixel.")
        return taken
    }

    private func check(_ size: (height: Int, width: Int), atLeast least: Int) throws {
        guard size.height >= least, size.width >= least, size.height <= 16_384, size.width <= 16_384 else {
            throw ExportError("The size is \(size.width)×\(size.height) pixels; sides may be from \(least) to 16384.")
        }
    }
}
