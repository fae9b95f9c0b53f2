import CPixels

extension Image {
    /// The picture mirrored from left to right.
    public func flippedHorizontally() -> Image {
        let flipped = [UInt8](unsafeUninitializedCapacity: pixels.count) { output, initialized in
            copyRows(to: UnsafeMutableBufferPointer(rebasing: output[..<pixels.count]), mirrored: true)
            initialized = pixels.count
        }
        return Image(checkedWidth: width, height: height, channels: channels, pixels: flipped)
    }

    /// Copies the values (H, W, C) to a picture's slot of a mini-batch, mirrored on the way if asked.
    /// - Throws: ``ImagingError`` unless `slot` has exactly `height * width * channels` values.
    public func write(into slot: UnsafeMutableBufferPointer<UInt8>, mirrored: Bool = false) throws(ImagingError) {
        guard slot.count == pixels.count else {
            throw ImagingError(
                .invalidArgument,
                "A picture of \(width)×\(height) pixels and \(channels) channels has \(pixels.count) values; its slot takes \(slot.count).")
        }
        copyRows(to: slot, mirrored: mirrored)
    }

    /// Luma (ITU-R 601, with Pillow's rounding) of a coloured picture; a grey one as it is.
    public func grey() -> Image {
        if channels == 1 { return self }
        let values = [UInt8](unsafeUninitializedCapacity: width * height) { output, initialized in
            pixels.withUnsafeBufferPointer { input in
                guard let source = input.baseAddress, let target = output.baseAddress else { return }
                cpixels_rgb_to_grey(source, target, width * height)
            }
            initialized = width * height
        }
        return Image(checkedWidth: width, height: height, channels: 1, pixels: values)
    }

    /// Three equal channels from a grey picture; a coloured one as it is.
    public func rgb() -> Image {
        if channels == 3 { return self }
        let values = [UInt8](unsafeUninitializedCapacity: width * height * 3) { output, initialized in
            pixels.withUnsafeBufferPointer { input in
                guard let source = input.baseAddress, let target = output.baseAddress else { return }
                cpixels_grey_to_rgb(source, target, width * height)
            }
            initialized = width * height * 3
        }
        return Image(checkedWidth: width, height: height, channels: 3, pixels: values)
    }

    private func copyRows(to output: UnsafeMutableBufferPointer<UInt8>, mirrored: Bool) {
        guard mirrored else {
            _ = output.update(fromContentsOf: pixels)
            return
        }
        pixels.withUnsafeBufferPointer { input in
            guard let source = input.baseAddress, let target = output.baseAddress else { return }
            let length = width * channels
            for y in 0..<height {
                cpixels_mirror_row(source + y * length, target + y * length, width, Int32(channels))
            }
        }
    }
}
