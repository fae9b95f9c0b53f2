import Networks
import Torch

/// Makes objects of what a network says: scores by softmax, boxes from offsets, each object once.
///
/// In each class the ``candidates`` best boxes with a score above ``scoreThreshold`` are taken in the order of their scores, and each that
/// overlaps a better one of its class more than ``nmsThreshold`` goes (greedy non-maximum suppression). The ``perImage`` best of all
/// classes remain; boxes are clipped to the picture before. This is torchvision's `SSD.postprocess_detections`, with its defaults.
/// MXNet's `MultiBoxDetection` differs: an anchor has only its likeliest class, and `nms_topk` counts the boxes of all classes together.
public struct DetectionPostprocessor: Sendable, Equatable {
    /// Scores must exceed it; 0…1.
    public let scoreThreshold: Double
    /// Overlap (IoU) beyond which the lower-scored box of a class goes; 0…1.
    public let nmsThreshold: Double
    /// Boxes of each class that enter suppression.
    public let candidates: Int
    /// Boxes of an image that remain.
    public let perImage: Int
    /// Side of the network's input in pixels: nothing but rounding depends on it.
    public let size: Int

    /// Sets the thresholds.
    /// - Throws: ``TaskError`` for a number outside its range.
    public init(
        scoreThreshold: Double = 0.01, nmsThreshold: Double = 0.45, candidates: Int = 400, perImage: Int = 200, size: Int = 300
    ) throws {
        guard (0...1).contains(scoreThreshold) else {
            throw TaskError("The score threshold is \(scoreThreshold). Give a number from 0 to 1.")
        }
        guard (0...1).contains(nmsThreshold) else { throw TaskError("nms_threshold is \(nmsThreshold). Give a number from 0 to 1.") }
        guard candidates > 0 else { throw TaskError("nms_topk is \(candidates). Give 1 or more.") }
        guard perImage > 0 else { throw TaskError("\(perImage) boxes of an image remain. Give 1 or more.") }
        guard size > 0 else { throw TaskError("The network's input is \(size) pixels wide. Give 1 or more.") }
        self.scoreThreshold = scoreThreshold
        self.nmsThreshold = nmsThreshold
        self.candidates = candidates
        self.perImage = perImage
        self.size = size
    }

    /// The objects in each image, best first. Waits for the device.
    /// - Parameters:
    ///   - output: what the network says.
    ///   - anchors: its anchors: A, 4, on the same device.
    /// - Throws: `TorchError` where shapes do not belong together.
    public func callAsFunction(_ output: DetectionOutput, anchors: Tensor) throws -> [[Detection]] {
        let images = output.logits.shape.first ?? 0
        guard images > 0 else { return [] }
        let rows = try detectBoxes(
            logits: output.logits, offsets: output.offsets, anchors: anchors, score: scoreThreshold, overlap: nmsThreshold,
            candidates: candidates, perImage: perImage, size: size
        ).elements(as: Float.self)
        return (0..<images).map { image in
            (0..<perImage).lazy.map { (image * perImage + $0) * 6 }.prefix { rows[$0] >= 0 }.map {
                Detection(
                    classID: Int(rows[$0]), score: rows[$0 + 1], left: rows[$0 + 2], top: rows[$0 + 3], right: rows[$0 + 4],
                    bottom: rows[$0 + 5])
            }
        }
    }
}
