import Torch

/// What a detection network says about every anchor of every image.
public struct DetectionOutput {
    /// N, anchors, classes + 1 (float32): column 0 is the background, object class c is column c + 1.
    public let logits: Tensor
    /// N, anchors, 4 (float32): where the box lies from its anchor: (Δx / w / 0.1, Δy / h / 0.1, ln(W / w) / 0.2, ln(H / h) / 0.2),
    /// centres and sizes, the anchor's in lower case (the SSD paper's variances, torchvision's weights 10, 10, 5, 5).
    public let offsets: Tensor

    /// Puts both together.
    public init(logits: Tensor, offsets: Tensor) {
        self.logits = logits
        self.offsets = offsets
    }
}

/// A network that classifies and places every anchor of an image in one pass.
public protocol DetectionNetwork: Module {
    /// N, 3, S, S, normalised, channels-last → scores and offsets of all anchors.
    func callAsFunction(_ x: Tensor) throws -> DetectionOutput
    /// The boxes that the output refers to, in its order.
    var anchors: AnchorBoxes { get }
    /// The network prepared for prediction: batch norm folded, weights prepacked, float32 or bfloat16.
    func inferencePlan(precision: DType, device: Device) throws -> any DetectionInferenceNetwork
}

/// A detection network prepared to predict on one device, without gradients.
public protocol DetectionInferenceNetwork {
    /// N, 3, S, S, normalised → scores and offsets of all anchors.
    func callAsFunction(_ x: Tensor) throws -> DetectionOutput
    /// The boxes that the output refers to, in its order.
    var anchors: AnchorBoxes { get }
}
