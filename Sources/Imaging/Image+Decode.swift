import CPNG

extension Image {
    /// Decodes a JPEG or PNG, turned upright as its EXIF orientation says.
    ///
    /// JPEG: grey, YCbCr, RGB, CMYK and YCCK (inverted, as Adobe writes them), baseline and progressive, with libjpeg's accurate
    /// integer DCT and smooth chroma: the same pixels as Pillow's. `.grey` takes the luma that the file holds.
    /// PNG: every colour type, 1 to 16 bits (16 rounded to 8), interlaced or not. Transparent pixels are composited on white: what
    /// lies under full transparency is arbitrary, often black, and white is what viewers and print show.
    /// - Throws: ``ImagingError`` for other formats, damaged or truncated data and more pixels than the options allow.
    public init(decoding bytes: some Collection<UInt8>, channels: ChannelLayout = .rgb, options: DecodeOptions = .init()) throws {
        self = try withContiguousBytes(bytes) { bytes in
            let header = try ImageHeader(contiguous: bytes)
            try options.check(header)
            let shorter = min(header.storedWidth, header.storedHeight)
            let denominator = options.minimumShorterSide.map { Image.reduction(of: shorter, keeping: $0) } ?? 1
            let whole = PixelRect(x: 0, y: 0, width: header.storedWidth, height: header.storedHeight)
            return try Image.decode(bytes, header, window: whole, denominator: denominator, channels, options)
                .image.oriented(header.orientation)
        }
    }

    /// Decodes a PNG mask to its raw samples: palette indices, or grey values as they stand, one channel. Where 8 bits are not
    /// used up (1, 2 or 4 bits a pixel) values are not stretched to 255. Alpha is dropped.
    /// - Throws: ``ImagingError`` for JPEG (lossy: indices do not survive), coloured PNG and 16-bit samples above 255.
    public static func decodingIndices(_ bytes: some Collection<UInt8>, options: DecodeOptions = .init()) throws -> Image {
        try withContiguousBytes(bytes) { bytes in
            let header = try ImageHeader(contiguous: bytes)
            guard header.format == .png else {
                throw ImagingError(.unsupported, "A mask of class indices cannot be a JPEG, which changes values. Save it as PNG.")
            }
            try options.check(header)
            let decoder = try PNGDecoder(bytes)
            guard !decoder.header.isColour || decoder.header.isPalette else {
                throw ImagingError(
                    .unsupported,
                    "The PNG holds colours, not class indices. Save the mask as greyscale or palette PNG whose values are the classes.")
            }
            return try decoder.decode(CPNGLayoutIndices).oriented(header.orientation)
        }
    }

    /// The largest reduction (1, 2, 4 or 8) that leaves `side` at least `wanted` pixels.
    static func reduction(of side: Int, keeping wanted: Int) -> Int {
        [8, 4, 2].first { side / $0 >= max(wanted, 1) } ?? 1
    }

    /// Decodes at least `window` (stored, unreduced pixels), not yet turned upright. `rect` is where in `image` it lies.
    static func decode(
        _ bytes: UnsafeBufferPointer<UInt8>, _ header: ImageHeader, window: PixelRect, denominator: Int, _ channels: ChannelLayout,
        _ options: DecodeOptions
    ) throws -> (image: Image, rect: FractionalRect) {
        guard header.format == .jpeg else {
            let image = try PNGDecoder(bytes).decode(channels == .rgb ? CPNGLayoutRGB : CPNGLayoutGrey)
            return (image, FractionalRect(window))
        }
        let decoder = try JPEGDecoder(bytes, options: options)
        guard decoder.width == header.storedWidth, decoder.height == header.storedHeight else {
            throw ImagingError(.damaged, "The JPEG has two headers that state different sizes. Remove it from the data.")
        }
        let size = (width: (decoder.width + denominator - 1) / denominator, height: (decoder.height + denominator - 1) / denominator)
        // Chroma near the edge of what is decoded lacks its neighbours: two columns more, and the wanted ones are exact.
        let margin = 2
        let left = max(window.x / denominator - margin, 0), top = window.y / denominator
        let right = min((window.x + window.width + denominator - 1) / denominator + margin, size.width)
        let bottom = (window.y + window.height + denominator - 1) / denominator
        let (image, offset) = try decoder.decode(
            window: PixelRect(x: left, y: top, width: right - left, height: bottom - top), denominator: denominator, channels: channels)
        let scale = 1 / Double(denominator)
        let rect = FractionalRect(
            x: Double(window.x) * scale - Double(left - offset), y: Double(window.y) * scale - Double(top),
            width: Double(window.width) * scale, height: Double(window.height) * scale)
        return (image, rect)
    }
}
