/// EXIF's orientation tag (0x0112): how the stored rows must be turned to stand upright.
public enum Orientation: Int, Sendable, CaseIterable {
    /// Stored upright.
    case upright = 1
    /// Mirrored from left to right.
    case mirrored = 2
    /// Turned by half a circle.
    case rotated180 = 3
    /// Mirrored from top to bottom.
    case flippedVertically = 4
    /// Rows and columns exchanged.
    case transposed = 5
    /// To be turned clockwise by a quarter.
    case rotated90 = 6
    /// Exchanged about the other diagonal.
    case transversed = 7
    /// To be turned anticlockwise by a quarter.
    case rotated270 = 8

    /// Whether upright columns are stored rows.
    public var exchangesSides: Bool { rawValue >= 5 }

    // Upright from stored = exchange the axes (5...8), then mirror upright columns and rows as these say.
    var mirrorsColumns: Bool { [2, 3, 6, 7].contains(rawValue) }
    var mirrorsRows: Bool { [3, 4, 7, 8].contains(rawValue) }

    /// Where in the upright picture a rectangle of the stored picture of that size comes to lie.
    public func upright(_ stored: FractionalRect, storedWidth: Double, storedHeight: Double) -> FractionalRect {
        var rect = stored
        var (width, height) = (storedWidth, storedHeight)
        if exchangesSides {
            rect = FractionalRect(x: stored.y, y: stored.x, width: stored.height, height: stored.width)
            (width, height) = (height, width)
        }
        if mirrorsColumns { rect.x = width - rect.x - rect.width }
        if mirrorsRows { rect.y = height - rect.y - rect.height }
        return rect
    }

    /// The pixels of the stored picture of that size that become `upright`; the inverse of ``upright(_:storedWidth:storedHeight:)``.
    func stored(_ upright: PixelRect, storedWidth: Int, storedHeight: Int) -> PixelRect {
        let (width, height) = exchangesSides ? (storedHeight, storedWidth) : (storedWidth, storedHeight)
        var rect = upright
        if mirrorsColumns { rect.x = width - rect.x - rect.width }
        if mirrorsRows { rect.y = height - rect.y - rect.height }
        return exchangesSides ? PixelRect(x: rect.y, y: rect.x, width: rect.height, height: rect.width) : rect
    }
}

extension Image {
    /// The picture turned upright from the way that `orientation` says it was stored.
    public func oriented(_ orientation: Orientation) -> Image {
        if orientation == .upright { return self }
        let (outWidth, outHeight) = orientation.exchangesSides ? (height, width) : (width, height)
        // Upright (x, y) is stored at start + x * stepX + y * stepY, in values.
        let row = width * channels
        var (stepX, stepY) = orientation.exchangesSides ? (row, channels) : (channels, row)
        var start = 0
        if orientation.mirrorsColumns {
            start += (outWidth - 1) * stepX
            stepX = -stepX
        }
        if orientation.mirrorsRows {
            start += (outHeight - 1) * stepY
            stepY = -stepY
        }
        let channels = channels
        let turned = [UInt8](unsafeUninitializedCapacity: pixels.count) { output, initialized in
            pixels.withUnsafeBufferPointer { input in
                var target = 0
                for y in 0..<outHeight {
                    var source = start + y * stepY
                    for _ in 0..<outWidth {
                        for c in 0..<channels { output.initializeElement(at: target + c, to: input[source + c]) }
                        target += channels
                        source += stepX
                    }
                }
            }
            initialized = pixels.count
        }
        return Image(checkedWidth: outWidth, height: outHeight, channels: channels, pixels: turned)
    }
}
