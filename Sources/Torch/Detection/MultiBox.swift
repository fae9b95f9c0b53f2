import CTorch

/// How background anchors are picked and losses are scaled: see ``multiBoxLoss(logits:offsets:anchors:boxes:classes:options:portable:)``.
public struct MultiBoxOptions: Sendable, Equatable {
    /// Side of the network's input in pixels.
    public var size = 300
    /// Overlap from which an anchor takes on an object; 0…1.
    public var overlap = 0.5
    /// Background anchors for each anchor with an object; 0 or more.
    public var negativeRatio = 3.0
    /// Background anchors of an image at least; 0 or more.
    public var minimumNegatives = 0
    /// Only anchors that overlap all objects less than this can be background; above 1: all without an object.
    public var negativeOverlap = 2.0
    /// Divide the classification loss by the anchors that count, and the regression loss by the offsets that are off, instead of both by the
    /// anchors with an object.
    public var byValidCount = false

    /// The defaults above.
    public init() {}
}

/// The two losses of SSD (Liu et al. 2016, equation 1): softmax cross-entropy over the anchors that count, smooth L1 over the offsets of those
/// with an object; float32 scalars with a graph, worked out in float32 whatever the type of the network's output.
///
/// What counts: the anchors with an object (``matchAnchors(_:boxes:classes:overlap:size:portable:)``) and in each image the background
/// anchors of the greatest loss, `negativeRatio` for each one with an object. Waits for no device.
/// - Parameters:
///   - logits: N, A, classes + 1; column 0 is the background.
///   - offsets: N, A, 4.
///   - anchors: A, 4.
///   - boxes: N, M, 4.
///   - classes: N, M (int64), below the number of classes; −1 where there is no object.
///   - options: how background is picked and losses are scaled.
///   - portable: by libtorch's operations on the processor too, which has a kernel of its own with the same results.
/// - Returns: the losses, and how many anchors of the mini-batch have an object, an int64 scalar on the device.
/// - Throws: ``TorchError`` where shapes do not belong together, and on the processor for a class that the logits have no column for.
public func multiBoxLoss(
    logits: Tensor, offsets: Tensor, anchors: Tensor, boxes: Tensor, classes: Tensor, options: MultiBoxOptions = MultiBoxOptions(),
    portable: Bool = false
) throws -> (classification: Tensor, regression: Tensor, matched: Tensor) {
    var c = ct_multibox_options(
        size: Double(options.size), overlap: options.overlap, negative_ratio: options.negativeRatio,
        minimum_negatives: Int64(options.minimumNegatives), negative_overlap: options.negativeOverlap, by_valid_count: options.byValidCount)
    let results = try ownedResults(3) {
        ct_multibox_loss(logits.pointer, offsets.pointer, anchors.pointer, boxes.pointer, classes.pointer, &c, portable, $0)
    }
    return (results[0], results[1], results[2])
}

/// The boxes that a network has found: softmax, the best of each class above a score, greedy suppression of what overlaps a better one of its
/// class, the best of all classes; torchvision's `postprocess_detections`.
/// - Parameters:
///   - logits: N, A, classes + 1; column 0 is the background.
///   - offsets: N, A, 4.
///   - anchors: A, 4.
///   - score: scores must exceed it.
///   - overlap: a box goes where it overlaps a better one more than this.
///   - candidates: boxes of a class, the best, that enter suppression.
///   - perImage: boxes of an image, the best, that remain.
///   - size: side of the network's input in pixels.
///   - portable: by libtorch's operations on the processor too, which has kernels of its own with the same results.
/// - Returns: N, perImage, 6 (float32): class without background, score, left, top, right, bottom as fractions, clipped to the picture; by
///   score, those of equal score by class, then anchor. Class −1 fills up.
public func detectBoxes(
    logits: Tensor, offsets: Tensor, anchors: Tensor, score: Double, overlap: Double, candidates: Int, perImage: Int, size: Int = 300,
    portable: Bool = false
) throws -> Tensor {
    var options = ct_detect_options(
        size: Double(size), score: score, overlap: overlap, candidates: Int64(candidates), per_image: Int64(perImage))
    return try owned(ct_detect(logits.pointer, offsets.pointer, anchors.pointer, &options, portable))
}
