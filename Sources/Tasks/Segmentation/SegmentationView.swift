import Datasets
import Imaging

/// The square that a training example shows of a picture: a picture rescaled at random, and a crop of that at random.
///
/// The picture's long side becomes a whole number from half to twice `base_size`, its short side keeps the ratio; where the crop is larger
/// than what that gives, the rest lies to the right and below, and is empty. Source: spec semantic-segmentation.md, "Augmentation" (GluonCV's
/// `_sync_transform`).
struct SegmentationView: Equatable, Sendable {
    /// The size to which the whole picture is scaled.
    var scaled: PixelSize
    /// The crop's left column in the scaled picture.
    var x = 0
    /// The crop's top row in the scaled picture.
    var y = 0
    /// Columns and rows of the crop.
    var side: Int
    /// Whether right and left are exchanged.
    var isMirrored = false

    /// A view of a picture of `size`, drawn at random.
    init(of size: PixelSize, baseSize: Int, side: Int, random: inout RandomStream) {
        isMirrored = Bool.random(using: &random)
        scaled = Self.scaled(size, longSide: Int.random(in: max(1, baseSize / 2)...2 * baseSize, using: &random))
        self.side = side
        x = Int.random(in: 0...max(0, scaled.width - side), using: &random)
        y = Int.random(in: 0...max(0, scaled.height - side), using: &random)
    }

    /// The centre of a picture whose short side is made as long as the crop: what GluonCV validates on.
    init(centreOf size: PixelSize, side: Int) {
        let short = min(size.width, size.height)
        func length(_ long: Int) -> Int { max(side, Int((Double(long) * Double(side) / Double(short)).rounded())) }
        scaled = PixelSize(width: length(size.width), height: length(size.height))
        self.side = side
        x = (scaled.width - side) / 2
        y = (scaled.height - side) / 2
    }

    /// A size with the long side made `longSide` and the ratio kept, no side below 1.
    static func scaled(_ size: PixelSize, longSide: Int) -> PixelSize {
        let factor = Double(longSide) / Double(max(size.width, size.height))
        return PixelSize(
            width: max(1, Int((Double(size.width) * factor).rounded())), height: max(1, Int((Double(size.height) * factor).rounded())))
    }

    /// The view in pixels of a picture of this size.
    func rect(in size: PixelSize) -> FractionalRect {
        let (scaleX, scaleY) = (Double(size.width) / Double(scaled.width), Double(size.height) / Double(scaled.height))
        return FractionalRect(
            x: Double(x) * scaleX, y: Double(y) * scaleY, width: Double(side) * scaleX, height: Double(side) * scaleY)
    }
}
