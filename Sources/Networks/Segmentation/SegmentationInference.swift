import Torch

/// A segmentation network prepared for prediction: backbone, then head. Nothing of it is as large as the image but the stem's map.
struct PreparedSegmentation: SegmentationInferenceNetwork {
    let backbone, head: (Tensor) throws -> Tensor
    let dtype: DType

    func callAsFunction(_ x: Tensor) throws -> Tensor { try head(backbone(x.to(dtype).channelsLast())) }
}

extension DilatedSegmentationNetwork {
    /// Prepares the network for prediction, without the auxiliary head.
    public func inferencePlan(precision: DType, device: Device) throws -> any SegmentationInferenceNetwork {
        PreparedSegmentation(
            backbone: try backbone.prepared(dtype: precision), head: try classifier.prepared(dtype: precision), dtype: precision)
    }
}
