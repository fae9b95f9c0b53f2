/// A decoded part of a picture, possibly reduced and with some pixels around what was asked for.
public struct DecodedRegion: Sendable {
    /// The decoded pixels, upright.
    public let image: Image
    /// Where in ``image`` the region that was asked for lies; fractional where the picture was decoded reduced.
    public let source: FractionalRect

    /// The region at an exact size: see ``Image/resized(from:width:height:mirrored:)``.
    public func resized(width: Int, height: Int, mirrored: Bool = false) throws -> Image {
        try image.resized(from: source, width: width, height: height, mirrored: mirrored)
    }

    /// The region at an exact size, straight into a slot of a mini-batch: see ``Image/resize(from:width:height:mirrored:into:)``.
    public func resize(
        width: Int, height: Int, mirrored: Bool = false, into output: UnsafeMutableBufferPointer<UInt8>
    ) throws {
        try image.resize(from: source, width: width, height: height, mirrored: mirrored, into: output)
    }
}

extension Image {
    /// Decodes what is needed of `region` (upright, full-size pixels) for a picture of `size`: random-resized crops.
    ///
    /// Of a JPEG, blocks outside the region are passed over, and a region of at least 2, 4 or 8 times the size on both sides is
    /// decoded reduced by that. Without reduction the pixels equal those of decoding everything and cropping. Of a PNG, whose rows
    /// depend on each other, everything is decoded.
    /// - Throws: ``ImagingError`` as ``init(decoding:channels:options:)`` does, and for a region that is not inside the picture.
    public static func decodingRegion(
        _ region: PixelRect, of bytes: some Collection<UInt8>, toCover size: (width: Int, height: Int), channels: ChannelLayout = .rgb,
        options: DecodeOptions = .init()
    ) throws -> DecodedRegion {
        try withContiguousBytes(bytes) { bytes in
            let header = try ImageHeader(contiguous: bytes)
            try options.check(header)
            guard region.lies(inWidth: header.width, height: header.height) else {
                throw ImagingError(
                    .invalidArgument,
                    "The region \(region.width)×\(region.height) at (\(region.x), \(region.y)) is not inside the picture of "
                        + "\(header.width)×\(header.height) pixels.")
            }
            var denominator = 1
            if options.reducesRegions, header.format == .jpeg {
                denominator = min(
                    Image.reduction(of: region.width, keeping: size.width), Image.reduction(of: region.height, keeping: size.height))
            }
            let stored = header.orientation.stored(region, storedWidth: header.storedWidth, storedHeight: header.storedHeight)
            let (image, rect) = try Image.decode(bytes, header, window: stored, denominator: denominator, channels, options)
            let source = header.orientation.upright(rect, storedWidth: Double(image.width), storedHeight: Double(image.height))
            return DecodedRegion(image: image.oriented(header.orientation), source: source)
        }
    }
}
