import CPixels

/// How a pixel is made of the ones around it; each is Pillow's filter of the name, whose support grows with the reduction.
public enum ResamplingFilter: CaseIterable, Sendable {
    /// Bilinear.
    case triangle
    /// The mean of the area; enlarging, the nearest pixel.
    case box
    /// Catmull-Rom.
    case cubic
    /// Lanczos's of three lobes.
    case lanczos
    /// The pixel under the centre.
    case nearest

    fileprivate var code: cpixels_filter {
        switch self {
        case .triangle: CPIXELS_TRIANGLE
        case .box: CPIXELS_BOX
        case .cubic: CPIXELS_CUBIC
        case .lanczos: CPIXELS_LANCZOS
        case .nearest: CPIXELS_NEAREST
        }
    }
}

extension Image {
    /// Shows `view`, a rectangle that may reach beyond this picture, at an exact size, in one pass and without a canvas: what lies outside
    /// has the colour `fill`. An output pixel belongs to the picture where its centre does.
    ///
    /// - Parameters:
    ///   - view: in this picture's pixels.
    ///   - width: columns of the output.
    ///   - height: rows of the output.
    ///   - mirrored: writes every row from right to left.
    ///   - filter: how pixels are mixed.
    ///   - fill: a value for each channel.
    ///   - output: all of its `height * width * channels` values (H, W, C) are written.
    /// - Returns: the output's pixels that show the picture; nil where none does.
    /// - Throws: ``ImagingError`` for a size or view that is not positive, and memory of another size.
    @discardableResult
    public func show(
        _ view: FractionalRect, width: Int, height: Int, mirrored: Bool = false, filter: ResamplingFilter = .triangle, fill: [UInt8],
        into output: UnsafeMutableBufferPointer<UInt8>
    ) throws -> PixelRect? {
        let count = try Image.byteCount(width: width, height: height, channels: channels)
        guard view.width > 0, view.height > 0, view.width.isFinite, view.height.isFinite, view.x.isFinite, view.y.isFinite else {
            throw ImagingError(.invalidArgument, "A view of \(view.width)×\(view.height) pixels shows nothing.")
        }
        guard output.count == count, fill.count == channels, let target = output.baseAddress else {
            throw ImagingError(
                .invalidArgument,
                "\(count) values and a colour of \(channels) were to be written into memory for \(output.count), with a colour of \(fill.count)."
            )
        }
        let columns = Self.covered(from: view.x, length: view.width, by: self.width, count: width)
        let rows = Self.covered(from: view.y, length: view.height, by: self.height, count: height)
        if columns.count < width || rows.count < height {
            for index in 0..<count { target[index] = fill[index % channels] }
        }
        guard !columns.isEmpty, !rows.isEmpty else { return nil }
        let (scaleX, scaleY) = (view.width / Double(width), view.height / Double(height))
        let left = mirrored ? width - columns.upperBound : columns.lowerBound
        let done = pixels.withUnsafeBufferPointer { input in
            guard let base = input.baseAddress else { return false }
            return cpixels_resize(
                base, self.width, self.height, Int32(channels),
                view.x + Double(columns.lowerBound) * scaleX, view.y + Double(rows.lowerBound) * scaleY,
                view.x + Double(columns.upperBound) * scaleX, view.y + Double(rows.upperBound) * scaleY,
                filter.code, target + (rows.lowerBound * width + left) * channels, columns.count, rows.count, width * channels, mirrored)
        }
        guard done else { throw ImagingError(.outOfMemory, "There is not enough memory to resize to \(width)×\(height) pixels.") }
        return PixelRect(x: left, y: rows.lowerBound, width: columns.count, height: rows.count)
    }

    /// The outputs among `count` whose centres lie in 0 ..< `size`, where they divide the interval of `length` that begins at `start`.
    private static func covered(from start: Double, length: Double, by size: Int, count: Int) -> Range<Int> {
        let scale = length / Double(count)
        // Centre i is at start + (i + ½) scale.
        let first = min(max((-start / scale - 0.5).rounded(.up), 0), Double(count))
        let end = min(max(((Double(size) - start) / scale - 0.5).rounded(.up), first), Double(count))
        return Int(first)..<Int(end)
    }
}
