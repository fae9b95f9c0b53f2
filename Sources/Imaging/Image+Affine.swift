import CPixels

extension Image {
    /// The picture moved by `matrix` (from places in this picture to places in the result, OpenCV's `warpAffine`), bilinear.
    ///
    /// - Parameters:
    ///   - matrix: where a pixel centre goes.
    ///   - width: columns of the result.
    ///   - height: rows of the result.
    ///   - fill: what lies outside this picture, in every channel; pixels on its edge are mixed with it.
    /// - Throws: ``ImagingError`` for a size below 1 or a matrix without an inverse.
    public func affineWarped(_ matrix: AffineMatrix, width: Int, height: Int, fill: UInt8 = 255) throws -> Image {
        guard let inverse = matrix.inverse else {
            throw ImagingError(.invalidArgument, "The affine matrix \(matrix.coefficients) has no inverse.")
        }
        return try Image.uninitialized(width: width, height: height, channels: channels) { output in
            pixels.withUnsafeBufferPointer { input in
                guard let base = input.baseAddress, let target = output.baseAddress else { return }
                cpixels_warp_affine(base, self.width, self.height, Int32(channels), inverse.coefficients, fill, target, width, height)
            }
        }
    }
}
