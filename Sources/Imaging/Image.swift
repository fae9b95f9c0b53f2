/// A picture in memory: 8-bit values, rows from top to bottom, pixels from left to right, channels interleaved (H, W, C).
public struct Image: Sendable, Equatable {
    /// Columns, at least 1.
    public let width: Int
    /// Rows, at least 1.
    public let height: Int
    /// 1 (grey, or class indices) or 3 (red, green, blue).
    public let channels: Int
    /// The values, `height * width * channels` of them.
    public let pixels: [UInt8]

    /// A picture from its values.
    /// - Throws: ``ImagingError`` unless `channels` is 1 or 3, the sides are positive and `pixels` has exactly
    ///   `height * width * channels` values.
    public init(width: Int, height: Int, channels: Int, pixels: [UInt8]) throws(ImagingError) {
        let count = try Image.byteCount(width: width, height: height, channels: channels)
        guard pixels.count == count else {
            throw ImagingError(
                .invalidArgument, "\(width)×\(height) pixels of \(channels) channels are \(count) values; \(pixels.count) were given.")
        }
        self.init(checkedWidth: width, height: height, channels: channels, pixels: pixels)
    }

    /// A picture of one colour.
    /// - Throws: ``ImagingError`` unless the sides are positive and `colour` has 1 or 3 values.
    public init(width: Int, height: Int, filledWith colour: [UInt8]) throws(ImagingError) {
        let count = try Image.byteCount(width: width, height: height, channels: colour.count)
        let pixels = [UInt8](unsafeUninitializedCapacity: count) { buffer, initialized in
            for i in 0..<count { buffer.initializeElement(at: i, to: colour[i % colour.count]) }
            initialized = count
        }
        self.init(checkedWidth: width, height: height, channels: colour.count, pixels: pixels)
    }

    init(checkedWidth width: Int, height: Int, channels: Int, pixels: [UInt8]) {
        self.width = width
        self.height = height
        self.channels = channels
        self.pixels = pixels
    }

    /// A picture whose pixels `fill` writes, without zeroing them first. `fill` must write every value.
    static func uninitialized(
        width: Int, height: Int, channels: Int, fill: (UnsafeMutableBufferPointer<UInt8>) throws -> Void
    ) throws -> Image {
        let count = try byteCount(width: width, height: height, channels: channels)
        let pixels = try [UInt8](unsafeUninitializedCapacity: count) { buffer, initialized in
            try fill(UnsafeMutableBufferPointer(rebasing: buffer[..<count]))
            initialized = count
        }
        return Image(checkedWidth: width, height: height, channels: channels, pixels: pixels)
    }

    static func byteCount(width: Int, height: Int, channels: Int) throws(ImagingError) -> Int {
        guard width > 0, height > 0, channels == 1 || channels == 3 else {
            throw ImagingError(
                .invalidArgument, "A picture has positive sides and 1 or 3 channels, not \(width)×\(height) with \(channels).")
        }
        let (area, areaOverflows) = width.multipliedReportingOverflow(by: height)
        let (count, countOverflows) = area.multipliedReportingOverflow(by: channels)
        // The C loops index rows with 32 bits.
        guard !areaOverflows, !countOverflows, width < 1 << 30, height < 1 << 30 else {
            throw ImagingError(.tooLarge, "A picture of \(width)×\(height) pixels cannot be held.")
        }
        return count
    }
}
