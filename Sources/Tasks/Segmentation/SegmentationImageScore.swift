/// How well the mask of one image agrees with the truth.
public struct SegmentationImageScore: Sendable, Equatable {
    /// The image's number in the data set.
    public let number: Int
    /// Right pixels over labelled ones, 0…1; nil where no pixel is labelled.
    public let pixelAccuracy: Double?
    /// The mean IoU of the classes that the image shows or that were predicted in it, 0…1.
    public let meanIoU: Double

    /// An image's figures.
    public init(number: Int, pixelAccuracy: Double?, meanIoU: Double) {
        self.number = number
        self.pixelAccuracy = pixelAccuracy
        self.meanIoU = meanIoU
    }

    /// The figures of one image's counts.
    init(number: Int, _ metrics: SegmentationMetrics) {
        self.init(
            number: number, pixelAccuracy: metrics.labelledPixels > 0 ? metrics.pixelAccuracy : nil, meanIoU: metrics.meanIoUOfPresent)
    }
}
