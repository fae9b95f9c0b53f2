import Imaging

/// What a PNG's first chunk says about its samples (ISO/IEC 15948, IHDR), as far as it decides whether the file is a mask.
struct PNGMaskHeader {
    let width: Int
    let height: Int
    let bitDepth: Int
    let colourType: Int

    /// - Throws: `ImagingError` for bytes without a complete header; ``DatasetError`` for JPEG.
    init(_ bytes: [UInt8], place: String) throws {
        let header = try ImageHeader(of: bytes)
        guard header.format == .png, bytes.count > 25 else {
            throw DatasetError(
                .malformed, at: place, "a mask cannot be a JPEG, which changes values and with them classes",
                remedy: "save it as 8-bit greyscale or palette PNG")
        }
        width = header.storedWidth
        height = header.storedHeight
        bitDepth = Int(bytes[24])
        colourType = Int(bytes[25])
    }

    /// Refuses what no mask is, and a size that so few bytes cannot hold, before memory is taken for it.
    func check(byteCount: Int, place: String) throws {
        if colourType == 2 || colourType == 6 {
            throw DatasetError(
                .malformed, at: place, "the PNG holds colours, not class ids",
                remedy: "save it as 8-bit greyscale or palette PNG whose values are the classes (in Pillow: mode L or P)")
        }
        if bitDepth == 16 {
            throw DatasetError(
                .malformed, at: place, "the PNG has 16 bits a pixel, and class ids have 8",
                remedy: "save it as 8-bit greyscale PNG (in Python: Image.fromarray(values.astype('uint8')))")
        }
        let samples = colourType == 4 ? 2 : 1
        let (bits, first) = width.multipliedReportingOverflow(by: max(bitDepth, 1) * samples)
        let (size, second) = (bits / 8 + 1).multipliedReportingOverflow(by: height)
        // Deflate packs at most 1032 bytes into one.
        guard !first, !second, size / 1032 <= byteCount else {
            throw DatasetError(
                .malformed, at: place, "\(byteCount) bytes cannot hold the \(width)×\(height) pixels that the header states",
                remedy: "copy the file again or remove it from the data")
        }
    }

    /// The samples as they are meant to be seen: 2- and 4-bit grey over the whole range.
    func stretched(_ image: Image) throws -> Image {
        guard colourType == 0, let factor = [2: UInt8(85), 4: 17][bitDepth] else { return image }
        return try Image(
            width: image.width, height: image.height, channels: 1, pixels: image.pixels.map { $0.multipliedReportingOverflow(by: factor).0 }
        )
    }
}
