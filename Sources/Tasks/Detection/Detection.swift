import Datasets
import Imaging

/// An object that a network has found in a picture.
public struct Detection: Sendable, Equatable {
    /// Class number, without the background: 0 ≤ value < number of classes.
    public var classID: Int
    /// How sure the network is, 0…1.
    public var score: Float
    /// Left edge, as a fraction of the picture's width, 0…1.
    public var left: Float
    /// Top edge, as a fraction of the height.
    public var top: Float
    /// Right edge, as a fraction of the width.
    public var right: Float
    /// Bottom edge, as a fraction of the height.
    public var bottom: Float

    /// Puts an object together.
    public init(classID: Int, score: Float, left: Float, top: Float, right: Float, bottom: Float) {
        self.classID = classID
        self.score = score
        self.left = left
        self.top = top
        self.right = right
        self.bottom = bottom
    }

    /// The box in whole pixels of a picture; each edge is rounded for itself.
    public func rect(in size: PixelSize) -> PixelRect {
        func span(_ low: Float, _ high: Float, _ side: Int) -> (Int, Int) {
            let first = Int((low * Float(side)).rounded())
            return (first, Int((high * Float(side)).rounded()) - first)
        }
        let (x, width) = span(left, right, size.width)
        let (y, height) = span(top, bottom, size.height)
        return PixelRect(x: x, y: y, width: width, height: height)
    }
}
