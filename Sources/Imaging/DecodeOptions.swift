/// How pictures are decoded.
public struct DecodeOptions: Sendable, Equatable {
    /// Allows a JPEG to be decoded at a half, a quarter or an eighth of its size, as long as its shorter side keeps this many
    /// pixels; the caller then resizes exactly. Reduced decoding takes a fraction of the time, for the inverse DCT yields
    /// fewer pixels (Pillow's `draft`). Sides are rounded up, so take the final size from the ``ImageHeader``. Only powers of two are used: libjpeg-turbo has no vector code for the others, which
    /// makes them slower than decoding everything. Nil: full size.
    public var minimumShorterSide: Int?
    /// Whether ``Image/decodingRegion(_:of:toCover:channels:options:)`` may reduce as ``minimumShorterSide`` does, where the
    /// region has at least twice the pixels wanted on both sides.
    public var reducesRegions: Bool
    /// Accepts a JPEG whose pixels are cut off or damaged, with what libjpeg makes of it (grey or smeared areas).
    public var tolerant: Bool
    /// Pictures whose header states more pixels are refused before memory is taken for them.
    public var maximumPixels: Int

    /// Options for decoding: full size, strict, at most 2²⁸ pixels unless told otherwise.
    public init(
        minimumShorterSide: Int? = nil, reducesRegions: Bool = true, tolerant: Bool = false, maximumPixels: Int = 1 << 28
    ) {
        self.minimumShorterSide = minimumShorterSide
        self.reducesRegions = reducesRegions
        self.tolerant = tolerant
        self.maximumPixels = maximumPixels
    }

    func check(_ header: ImageHeader) throws {
        let (pixels, overflows) = header.storedWidth.multipliedReportingOverflow(by: header.storedHeight)
        guard !overflows, pixels <= maximumPixels else {
            throw ImagingError(
                .tooLarge,
                "The header states \(header.storedWidth)×\(header.storedHeight) pixels; at most \(maximumPixels) are decoded. "
                    + "Reduce the picture, or raise the limit if it is real.")
        }
    }
}
