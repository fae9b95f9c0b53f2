import Networks
import Torch

/// The loss of detection with anchors: which anchor is to find which object, and how far the network is from it.
///
/// Matching: every object gets the anchor that overlaps it most, and every other anchor the object that it overlaps most where the overlap
/// is ``overlap`` or more. Anchors without an object are background; those that the network takes for something else with most conviction
/// count, ``negativeRatio`` for each anchor with an object of the same image.
///
/// **torchvision's convention** (the default): both losses are sums divided by the anchors with an object in the batch (at least 1). An image
/// without objects has 3 × 0 background anchors and so teaches nothing, unless ``minimumNegatives`` gives it some. Where three times
/// the anchors with an object are more than there are others, all the others count, once; torchvision counts some of the former
/// twice there.
///
/// **MXNet's convention** (`MultiBoxTarget` with `negative_mining_thresh` 0.5, then `SoftmaxOutput` and `MakeLoss` with normalisation
/// `valid`): background anchors come only from those that overlap every object less than 0.5; the classification loss is divided by the
/// anchors that count (objects and background: about a quarter of torchvision's), the regression loss by the offsets that are off (up to
/// four an anchor). The ranking is the same: by the background's probability. MXNet's matching differs in two details that are not
/// followed: objects choose in rounds, so that two never claim one anchor, and the other anchors need more than the threshold, not as
/// much.
///
/// Boxes without area or with edges that are not finite count as no object: their offsets would be infinite.
/// Sources: Liu et al. 2016, "SSD: Single Shot MultiBox Detector"; torchvision's models/detection/ssd.py; MXNet's
/// src/operator/contrib/multibox_target.cc and example/ssd.
public struct MultiBoxLoss {
    /// Whose way of picking background anchors and of dividing the sums.
    public enum Convention: String, Sendable, Equatable, CaseIterable {
        /// torchvision's SSD: divided by the anchors with an object.
        case torchvision
        /// MXNet's example/ssd: divided by what counts.
        case mxnet
    }

    private let anchors: Tensor
    private let options: MultiBoxOptions

    /// Overlap (IoU) from which an anchor takes on an object.
    public var overlap: Double { options.overlap }
    /// Background anchors for each anchor with an object.
    public var negativeRatio: Double { options.negativeRatio }
    /// Background anchors of an image at least.
    public var minimumNegatives: Int { options.minimumNegatives }
    /// Whose convention it follows.
    public let convention: Convention

    /// The loss for a network's anchors.
    /// - Parameters:
    ///   - anchors: A, 4: centre x, centre y, width, height as fractions, on the device of the network.
    ///   - size: side of the network's input in pixels. Overlaps are worked out in these, as torchvision does, so that equal ones fall
    ///     alike; nothing else depends on it.
    ///   - overlap: overlap from which an anchor takes on an object; above 0, up to 1.
    ///   - negativeRatio: background anchors for each anchor with an object; 0 or more.
    ///   - minimumNegatives: background anchors of an image at least; 0 or more.
    ///   - convention: how background is picked and sums are divided.
    /// - Throws: ``TaskError`` for a number outside its range or anchors of another shape.
    public init(
        anchors: Tensor, size: Int = 300, overlap: Double = 0.5, negativeRatio: Double = 3, minimumNegatives: Int = 0,
        convention: Convention = .torchvision
    ) throws {
        guard anchors.shape.count == 2, anchors.shape.last == 4, anchors.shape[0] > 0 else {
            throw TaskError("Anchors have the shape \(anchors.shape). Give A, 4: centre x, centre y, width, height.")
        }
        guard size > 0 else { throw TaskError("The network's input is \(size) pixels wide. Give 1 or more.") }
        guard overlap > 0, overlap <= 1 else {
            throw TaskError("Anchors take on objects from an overlap of \(overlap) on. Give a number above 0, up to 1.")
        }
        guard negativeRatio >= 0, negativeRatio.isFinite else {
            throw TaskError("There are \(negativeRatio) background anchors for each with an object. Give 0 or more.")
        }
        guard minimumNegatives >= 0 else {
            throw TaskError("An image has \(minimumNegatives) background anchors at least. Give 0 or more.")
        }
        self.anchors = anchors
        self.convention = convention
        var options = MultiBoxOptions()
        options.size = size
        options.overlap = overlap
        options.negativeRatio = negativeRatio
        options.minimumNegatives = minimumNegatives
        if convention == .mxnet {
            options.negativeOverlap = 0.5
            options.byValidCount = true
        }
        self.options = options
    }

    /// The losses of a batch: float32 scalars with a graph, whatever the type of the output; and how many anchors have an object. Does not
    /// wait for the device.
    /// - Parameters:
    ///   - output: what the network says.
    ///   - boxes: N, M, 4: left, top, right, bottom as fractions, padded to the most objects of an image.
    ///   - classes: N, M (int64): class numbers without the background; −1 pads.
    /// - Throws: `TorchError` where shapes do not belong together, and on the processor for a class that the network does not know.
    public func callAsFunction(
        _ output: DetectionOutput, boxes: Tensor, classes: Tensor
    ) throws -> (classification: Tensor, regression: Tensor, matched: Tensor) {
        try multiBoxLoss(
            logits: output.logits, offsets: output.offsets, anchors: anchors, boxes: boxes, classes: classes, options: options)
    }
}
