/// An object in a picture: a class and the rectangle around it.
///
/// Coordinates are fractions of the picture's width and height, so that a box stays right at any scale: 0 is the left or top edge of the
/// first pixel, 1 the right or bottom edge of the last. A box that begins at pixel 3 of 10 has `left` 0.3.
public struct BoundingBox: Sendable, Equatable {
    /// Class number, 0 ≤ value < number of classes; readers check no upper limit.
    public var classID: Int
    /// Left edge, as a fraction of the width.
    public var left: Double
    /// Top edge, as a fraction of the height.
    public var top: Double
    /// Right edge, as a fraction of the width.
    public var right: Double
    /// Bottom edge, as a fraction of the height.
    public var bottom: Double
    /// Pascal VOC's "difficult": not counted in evaluation.
    public var isDifficult: Bool
    /// COCO's "iscrowd": a group that is not to be told apart.
    public var isCrowd: Bool

    /// A box from its edges, as fractions.
    public init(
        classID: Int, left: Double, top: Double, right: Double, bottom: Double, isDifficult: Bool = false, isCrowd: Bool = false
    ) {
        self.classID = classID
        self.left = left
        self.top = top
        self.right = right
        self.bottom = bottom
        self.isDifficult = isDifficult
        self.isCrowd = isCrowd
    }

    /// Width as a fraction of the picture's; negative where the edges are exchanged.
    public var width: Double { right - left }
    /// Height as a fraction of the picture's; negative where the edges are exchanged.
    public var height: Double { bottom - top }

    /// The box in pixels of a picture of this size: left, top, width, height.
    public func inPixels(width pixelWidth: Int, height pixelHeight: Int) -> (left: Double, top: Double, width: Double, height: Double) {
        let (w, h) = (Double(pixelWidth), Double(pixelHeight))
        return (left * w, top * h, width * w, height * h)
    }
}

/// A picture's size in pixels.
public struct PixelSize: Sendable, Equatable, Hashable {
    /// Columns.
    public let width: Int
    /// Rows.
    public let height: Int

    /// A size of columns and rows.
    public init(width: Int, height: Int) {
        self.width = width
        self.height = height
    }
}
