import Torch

/// What a detection network says of a batch of images: for each of its anchors, what is there and where exactly.
public struct DetectionOutput {
    /// N, anchors, classes + 1: scores before the softmax. Column 0 is the background, object class c is column c + 1.
    public let logits: Tensor
    /// N, anchors, 4: how the box lies to its anchor, (tx, ty, tw, th) with the variances 0.1 (centre) and 0.2 (size).
    public let offsets: Tensor

    /// Puts the two together.
    public init(logits: Tensor, offsets: Tensor) {
        self.logits = logits
        self.offsets = offsets
    }
}
