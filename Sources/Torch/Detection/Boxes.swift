import CTorch

// Boxes are left, top, right, bottom; anchors centre x, centre y, width, height; both fractions of the picture. `size` is the side in pixels of
// the network's square input: numbers are worked out in these pixels, as torchvision does, and nothing but their rounding depends on it.

/// Intersection over union of every pair of boxes, (N, 4) and (M, 4) → N, M; not a number where neither has an area.
public func boxOverlaps(_ a: Tensor, _ b: Tensor) throws -> Tensor { try owned(ct_box_overlaps(a.pointer, b.pointer)) }

/// How boxes (…, A, 4) lie to the anchors (A, 4), as a network predicts it: (…, A, 4), with the variances 0.1 for the centre and 0.2 for
/// the size (SSD, Liu et al. 2016, equation 2; torchvision's BoxCoder with the weights 10, 10, 5, 5).
///
/// A box without area has infinite offsets.
public func encodeBoxes(_ boxes: Tensor, anchors: Tensor, size: Int = 300) throws -> Tensor {
    try owned(ct_encode_boxes(boxes.pointer, anchors.pointer, Double(size)))
}

/// The boxes that offsets (…, A, 4) say: ``encodeBoxes(_:anchors:size:)`` backwards. They are not clipped to the picture; none is wider
/// or higher than 62.5 times its anchor, torchvision's bound.
public func decodeBoxes(_ offsets: Tensor, anchors: Tensor, size: Int = 300) throws -> Tensor {
    try owned(ct_decode_boxes(offsets.pointer, anchors.pointer, Double(size)))
}

/// Which object each anchor takes on, for a batch.
///
/// Every object gets the anchor that overlaps it most: of several equal ones the first; of several objects that claim one anchor the last has
/// it. Every other anchor takes on the object that it overlaps most (of several the first) where that is `overlap` or more. This is
/// torchvision's SSDMatcher. Objects without area, or with an edge that is not finite, match nothing.
/// - Parameters:
///   - anchors: A, 4.
///   - boxes: N, M, 4.
///   - classes: N, M (int64); −1 where there is no object.
///   - overlap: overlap (IoU) from which an anchor takes on an object; 0…1.
///   - size: side in pixels of the network's input, in which overlaps are worked out.
///   - portable: by libtorch's operations on the processor too, which has a kernel of its own with the same results.
/// - Returns: the objects' numbers, N, A (int64; −1: none), and the largest overlap of each anchor with any object, N, A.
public func matchAnchors(
    _ anchors: Tensor, boxes: Tensor, classes: Tensor, overlap: Double = 0.5, size: Int = 300, portable: Bool = false
) throws -> (objects: Tensor, overlaps: Tensor) {
    let results = try ownedResults(2) {
        ct_match_anchors(anchors.pointer, boxes.pointer, classes.pointer, overlap, Double(size), portable, $0)
    }
    return (results[0], results[1])
}
