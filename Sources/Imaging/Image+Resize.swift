import CPixels

extension Image {
    /// The part `source` (nil: all) at an exact size, bilinear with antialiasing: a triangle filter whose support grows with the
    /// reduction, Pillow's `BILINEAR`, within one level of its pixels.
    ///
    /// Only pixels that `source` touches are read: for whole-number rectangles the result is that of cropping first. `mirrored` writes
    /// every row from right to left, at no cost.
    /// - Throws: ``ImagingError`` for a size below 1 or a source that is empty or outside the picture.
    public func resized(from source: FractionalRect? = nil, width: Int, height: Int, mirrored: Bool = false) throws -> Image {
        try Image.uninitialized(width: width, height: height, channels: channels) { output in
            try resize(from: source, width: width, height: height, mirrored: mirrored, into: output)
        }
    }

    /// ``resized(from:width:height:mirrored:)`` into memory of the caller's, such as a picture's slot of a mini-batch.
    /// The `height * width * channels` values (H, W, C) of `output` are all written.
    public func resize(
        from source: FractionalRect? = nil, width: Int, height: Int, mirrored: Bool = false,
        into output: UnsafeMutableBufferPointer<UInt8>
    ) throws {
        let part = try checked(source, width: width, height: height)
        let count = try Image.byteCount(width: width, height: height, channels: channels)
        guard output.count == count, let target = output.baseAddress else {
            throw ImagingError(.invalidArgument, "\(count) values were to be written into memory for \(output.count).")
        }
        let done = pixels.withUnsafeBufferPointer { input in
            guard let base = input.baseAddress else { return false }
            return cpixels_resize(
                base, self.width, self.height, Int32(channels), part.x, part.y, part.x + part.width, part.y + part.height,
                CPIXELS_TRIANGLE, target, width, height, width * channels, mirrored)
        }
        guard done else { throw ImagingError(.outOfMemory, "There is not enough memory to resize to \(width)×\(height) pixels.") }
    }

    /// The part `source` (nil: all) at an exact size, each pixel a copy of the one under its centre: for masks, whose values are
    /// classes and must not be mixed.
    /// - Throws: ``ImagingError`` for a size below 1 or a source that is empty or outside the picture.
    public func resizedNearest(from source: FractionalRect? = nil, width: Int, height: Int) throws -> Image {
        let part = try checked(source, width: width, height: height)
        return try Image.uninitialized(width: width, height: height, channels: channels) { output in
            pixels.withUnsafeBufferPointer { input in
                guard let base = input.baseAddress, let target = output.baseAddress else { return }
                cpixels_resize_nearest(
                    base, self.width, self.height, Int32(channels), part.x, part.y, part.x + part.width, part.y + part.height, target,
                    width, height)
            }
        }
    }

    /// The whole picture with its shorter side made `side` pixels and the ratio kept: the longer becomes
    /// `side * longer / shorter` in whole numbers, as MXNet computes it.
    public func resizedShorterSide(to side: Int) throws -> Image {
        let size = try Image.size(ofShorterSide: side, width: width, height: height)
        if size == (width, height) { return self }
        return try resized(width: size.width, height: size.height)
    }

    /// The size that a picture of `width` × `height` gets when its shorter side is made `side` (MXNet's rule).
    /// - Throws: ``ImagingError`` for sides below 1, or a result too large to hold.
    public static func size(
        ofShorterSide side: Int, width: Int, height: Int
    ) throws(ImagingError) -> (width: Int, height: Int) {
        guard side > 0, width > 0, height > 0 else {
            throw ImagingError(.invalidArgument, "The shorter side of a \(width)×\(height) picture cannot be made \(side) pixels.")
        }
        let (product, overflows) = side.multipliedReportingOverflow(by: max(width, height))
        guard !overflows else { throw ImagingError(.tooLarge, "A shorter side of \(side) pixels is too long.") }
        let longer = product / min(width, height)
        return width < height ? (side, longer) : (longer, side)
    }

    private func checked(_ source: FractionalRect?, width: Int, height: Int) throws(ImagingError) -> FractionalRect {
        let whole = FractionalRect(x: 0, y: 0, width: Double(self.width), height: Double(self.height))
        guard width > 0, height > 0 else {
            throw ImagingError(.invalidArgument, "A picture cannot be resized to \(width)×\(height) pixels.")
        }
        guard let source else { return whole }
        // Sides are sums and quotients: what rounding adds is cut off, more is a mistake.
        let slack = 1e-6
        let (right, bottom) = (source.x + source.width, source.y + source.height)
        guard source.width > 0, source.height > 0, source.x >= -slack, source.y >= -slack,
            right <= whole.width + slack, bottom <= whole.height + slack, source.x < whole.width, source.y < whole.height
        else {
            throw ImagingError(
                .invalidArgument,
                "The part \(source.width)×\(source.height) at (\(source.x), \(source.y)) is not inside the picture of "
                    + "\(self.width)×\(self.height) pixels.")
        }
        let (x, y) = (max(source.x, 0), max(source.y, 0))
        return FractionalRect(x: x, y: y, width: min(right, whole.width) - x, height: min(bottom, whole.height) - y)
    }
}
