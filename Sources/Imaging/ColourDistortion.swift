import CPixels

/// A change of colours, in floating point and clamped to 0…255 after each step: brightness, contrast, saturation and hue in HSV, and
/// contrast again for those who want it last.
public struct ColourDistortion: Sendable, Equatable {
    /// Added to every value, of 255.
    public var brightness = 0.0
    /// What values are multiplied by before saturation and hue change.
    public var contrast = 1.0
    /// What saturation is multiplied by.
    public var saturation = 1.0
    /// Degrees by which hue is turned, −360 < value < 360.
    public var hue = 0.0
    /// What values are multiplied by in the end.
    public var lastContrast = 1.0

    /// The change that changes nothing.
    public init() {}

    /// Changes `part` of the RGB pixels (H, W, 3) of a picture of `width` columns, in place.
    /// - Throws: ``ImagingError`` for a part that is not inside.
    public func apply(to pixels: UnsafeMutableBufferPointer<UInt8>, width: Int, part: PixelRect) throws {
        guard self != ColourDistortion() else { return }
        guard let base = pixels.baseAddress, width > 0, part.lies(inWidth: width, height: pixels.count / (3 * width)) else {
            throw ImagingError(
                .invalidArgument, "The part \(part.width)×\(part.height) at (\(part.x), \(part.y)) is not inside the picture.")
        }
        cpixels_distort(
            base + 3 * (part.y * width + part.x), part.width, part.height, 3 * width,
            cpixels_distortion(
                shift: Float(brightness), scale: Float(contrast), saturation: Float(saturation), hue: Float(hue),
                lastScale: Float(lastContrast)))
    }
}
