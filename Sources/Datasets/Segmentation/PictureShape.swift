import Imaging

/// What masks and boxes of a picture must know of it: how large it is once it stands upright, and how its file is turned to that.
public struct PictureShape: Sendable, Equatable {
    /// Columns and rows of the upright picture.
    public var size: PixelSize
    /// EXIF's tag; `.upright` where there is none.
    public var orientation: Orientation

    /// A shape from its parts.
    public init(size: PixelSize, orientation: Orientation = .upright) {
        self.size = size
        self.orientation = orientation
    }

    /// What a file's header says.
    public init(_ header: ImageHeader) {
        self.init(size: PixelSize(width: header.width, height: header.height), orientation: header.orientation)
    }

    /// The shape of pixels that never were in a file.
    public init(_ image: Image) {
        self.init(size: PixelSize(width: image.width, height: image.height))
    }

    /// Whether an annotation of this size was made of the pixels as they are stored, by a program that ignores the tag. Only sides that
    /// change places tell: of a square picture, or one turned by half a circle, annotations are taken to be upright.
    func isStoredSize(_ annotated: PixelSize) -> Bool {
        orientation.exchangesSides && annotated != size && annotated == PixelSize(width: size.height, height: size.width)
    }

    /// Whether the picture is turned in a way that the size of its annotation can't show.
    var hidesTurn: Bool { orientation != .upright && (!orientation.exchangesSides || size.width == size.height) }
}

extension Mask {
    /// The mask turned as its picture is, where it is as large as the picture before that; else nil.
    func turned(like picture: PictureShape) -> Mask? {
        guard picture.isStoredSize(size),
            let image = try? Image(width: size.width, height: size.height, channels: 1, pixels: classIDs)
        else { return nil }
        return try? Mask(size: picture.size, classIDs: image.oriented(picture.orientation).pixels)
    }
}
