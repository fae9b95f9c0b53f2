import CTorch

/// The mean cross-entropy of a mask and the scores of a smaller map, enlarged bilinearly to it (edges on edges, PyTorch's
/// `align_corners=False`), worked out in float32.
///
/// On the processor the enlarged scores are never stored: a few pixels at a time are worked on, in the forward pass only.
/// - Parameters:
///   - logits: N, classes, h, w; at most 255 classes.
///   - targets: N, H, W (uint8): class ids, and 255 for a hole, which counts for nothing.
///   - portable: by libtorch's operations on the processor too, with the same results.
/// - Returns: `loss`, a float32 scalar with a graph, 0 where every pixel is a hole; `correct`, how many pixels the largest score tells
///   right, and `labelled`, how many are no hole, both int64 scalars on the device, without waiting for it.
/// - Throws: ``TorchError`` where shapes do not belong together, and on the processor for a class that there is no score for.
public func segmentationLoss(_ logits: Tensor, targets: Tensor, portable: Bool = false) throws -> (
    loss: Tensor, correct: Tensor, labelled: Tensor
) {
    let results = try ownedResults(3) { ct_segmentation_loss(logits.pointer, targets.pointer, portable, $0) }
    return (results[0], results[1], results[2])
}

/// The class of each pixel's largest score, of equal ones the first, where a map's scores are enlarged bilinearly to `height` × `width`.
///
/// On the processor the enlarged scores are never stored.
/// - Parameters:
///   - logits: N, classes, h, w; at most 256 classes.
///   - height: of the result, in pixels.
///   - width: of the result, in pixels.
///   - portable: by libtorch's operations on the processor too, with the same results but for ties that rounding decides.
/// - Returns: N, height, width (uint8).
public func segmentationClasses(_ logits: Tensor, height: Int, width: Int, portable: Bool = false) throws -> Tensor {
    try owned(ct_segmentation_classes(logits.pointer, Int64(height), Int64(width), portable))
}
