import Datasets
import Imaging

/// A picture of which parts are to be shown: its file's bytes and its shape, or pixels that were never packed.
struct EncodedPicture {
    /// How large it is upright, and how its file is turned.
    let shape: PictureShape
    /// The upright picture's size.
    var size: PixelSize { shape.size }
    private let content: Content

    private enum Content {
        case pixels(Image)
        case encoded([UInt8])
    }

    /// Reads a payload; nothing is decoded.
    /// - Throws: `ImagingError`, `DatasetError`, `StorageError`.
    init(_ payload: ImagePayload) throws {
        if case .pixels(let image) = payload {
            shape = PictureShape(image)
            content = .pixels(image.rgb())
        } else {
            let bytes = try payload.encodedBytes()
            shape = PictureShape(try ImageHeader(of: bytes))
            content = .encoded(bytes)
        }
    }

    /// The whole picture, decoded.
    func image() throws -> Image {
        switch content {
        case .pixels(let image): image
        case .encoded(let bytes): try Image(decoding: bytes)
        }
    }

    /// Shows a rectangle of the upright picture at a size, as `Image.show` does; only the part that it touches is decoded, reduced where it
    /// is shown small.
    /// - Returns: the output's pixels that show the picture; nil where none does.
    func show(
        _ rect: FractionalRect, width: Int, height: Int, mirrored: Bool, filter: ResamplingFilter, fill: [UInt8],
        into output: UnsafeMutableBufferPointer<UInt8>
    ) throws -> PixelRect? {
        func draw(_ image: Image, _ rect: FractionalRect) throws -> PixelRect? {
            try image.show(rect, width: width, height: height, mirrored: mirrored, filter: filter, fill: fill, into: output)
        }
        switch content {
        case .pixels(let image): return try draw(image, rect)
        case .encoded(let bytes):
            guard let region = visible(of: rect) else {
                // Nothing of the picture is shown; any pixel tells where nothing is.
                return try draw(Image(width: 1, height: 1, filledWith: fill), FractionalRect(x: 2, y: 2, width: 1, height: 1))
            }
            let cover = (
                max(1, Int((Double(region.width) * Double(width) / rect.width).rounded(.up))),
                max(1, Int((Double(region.height) * Double(height) / rect.height).rounded(.up)))
            )
            let decoded = try Image.decodingRegion(region, of: bytes, toCover: cover)
            let scaleX = decoded.source.width / Double(region.width), scaleY = decoded.source.height / Double(region.height)
            return try draw(
                decoded.image,
                FractionalRect(
                    x: decoded.source.x + (rect.x - Double(region.x)) * scaleX, y: decoded.source.y + (rect.y - Double(region.y)) * scaleY,
                    width: rect.width * scaleX, height: rect.height * scaleY))
        }
    }

    /// The pixels that a rectangle touches; nil: none.
    private func visible(of rect: FractionalRect) -> PixelRect? {
        let x = max(0, Int(rect.x.rounded(.down))), y = max(0, Int(rect.y.rounded(.down)))
        let right = min(size.width, Int((rect.x + rect.width).rounded(.up))),
            bottom = min(size.height, Int((rect.y + rect.height).rounded(.up)))
        return x < right && y < bottom ? PixelRect(x: x, y: y, width: right - x, height: bottom - y) : nil
    }
}
