extension Image {
    /// The pixels of `rect`.
    /// - Throws: ``ImagingError`` for a rectangle that is empty or not inside the picture.
    public func cropped(to rect: PixelRect) throws(ImagingError) -> Image {
        guard rect.lies(inWidth: width, height: height) else {
            throw ImagingError(
                .invalidArgument,
                "The crop \(rect.width)×\(rect.height) at (\(rect.x), \(rect.y)) is not inside the picture of \(width)×\(height) pixels.")
        }
        if rect.width == width, rect.height == height { return self }
        let rowLength = rect.width * channels
        let kept = [UInt8](unsafeUninitializedCapacity: rect.height * rowLength) { output, initialized in
            pixels.withUnsafeBufferPointer { input in
                for y in 0..<rect.height {
                    let start = ((rect.y + y) * width + rect.x) * channels
                    _ = UnsafeMutableBufferPointer(rebasing: output[(y * rowLength)...])
                        .initialize(fromContentsOf: input[start..<start + rowLength])
                }
            }
            initialized = rect.height * rowLength
        }
        return Image(checkedWidth: rect.width, height: rect.height, channels: channels, pixels: kept)
    }

    /// The middle `width` × `height` pixels; where an odd number is left over, one more is cut at the right and the bottom (MXNet).
    /// - Throws: ``ImagingError`` where the picture is smaller.
    public func centreCropped(width: Int, height: Int) throws(ImagingError) -> Image {
        guard width <= self.width, height <= self.height else {
            throw ImagingError(
                .invalidArgument, "A crop of \(width)×\(height) does not fit into a picture of \(self.width)×\(self.height) pixels.")
        }
        return try cropped(to: PixelRect(x: (self.width - width) / 2, y: (self.height - height) / 2, width: width, height: height))
    }

    /// The picture with borders of one colour around it.
    ///
    /// `colour` is one value, used for every channel, or one for each.
    /// - Throws: ``ImagingError`` for negative borders, or another number of values.
    public func padded(
        left: Int = 0, top: Int = 0, right: Int = 0, bottom: Int = 0, with colour: [UInt8]
    ) throws(ImagingError) -> Image {
        guard min(left, top, right, bottom) >= 0, max(left, top, right, bottom) < 1 << 30 else {
            throw ImagingError(.invalidArgument, "Borders are 0 or more pixels, not \(left), \(top), \(right), \(bottom).")
        }
        guard colour.count == 1 || colour.count == channels else {
            throw ImagingError(
                .invalidArgument, "A border of a picture with \(channels) channels takes 1 or \(channels) values, not \(colour.count).")
        }
        let value = colour.count == channels ? colour : [UInt8](repeating: colour[0], count: channels)
        var padded = try Image(width: left + width + right, height: top + height + bottom, filledWith: value).pixels
        let (rowLength, outLength) = (width * channels, (left + width + right) * channels)
        padded.withUnsafeMutableBufferPointer { output in
            pixels.withUnsafeBufferPointer { input in
                for y in 0..<height {
                    _ = UnsafeMutableBufferPointer(rebasing: output[((top + y) * outLength + left * channels)...])
                        .update(fromContentsOf: input[y * rowLength..<(y + 1) * rowLength])
                }
            }
        }
        return Image(checkedWidth: left + width + right, height: top + height + bottom, channels: channels, pixels: padded)
    }
}
