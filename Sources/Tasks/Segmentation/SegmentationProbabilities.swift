import Datasets

/// How likely each class is at each pixel of a picture.
public struct SegmentationProbabilities: Sendable, Equatable {
    /// Columns and rows.
    public let size: PixelSize
    /// Number of classes.
    public let classes: Int
    /// One number a class and pixel: classes, height, width. Those of a pixel add up to 1.
    public let values: [Float]
}
