import CJPEG
import CPNG
import Foundation

extension Image {
    /// The picture as PNG: RGB, greyscale, or indices into `palette`.
    /// - Parameters:
    ///   - palette: with one channel: the values are indices into it.
    ///   - compression: zlib's level, 0 (none) to 9 (smallest).
    /// - Throws: ``ImagingError`` for a palette with three channels, an index beyond it, a level out of range, or lack of memory.
    public func encodedPNG(palette: Palette? = nil, compression: Int = 6) throws -> [UInt8] {
        guard (0...9).contains(compression) else {
            throw ImagingError(.invalidArgument, "PNG compression levels are 0 to 9, not \(compression).")
        }
        if let palette {
            guard channels == 1 else {
                throw ImagingError(.invalidArgument, "A palette needs a picture of one channel; this has \(channels).")
            }
            if let largest = pixels.max(), Int(largest) >= palette.colours.count {
                throw ImagingError(.invalidArgument, "Index \(largest) is beyond the palette of \(palette.colours.count) colours.")
            }
        }
        let colours = palette?.colours.flatMap { [$0.red, $0.green, $0.blue] }
        return try Image.collect("PNG", Int(CPNG_MESSAGE_LENGTH)) { output, length, message in
            pixels.withUnsafeBufferPointer { input in
                guard let base = input.baseAddress else { return false }
                return cpng_encode(
                    base, UInt32(width), UInt32(height), Int32(channels), colours, Int32((colours?.count ?? 0) / 3), Int32(compression),
                    &output, &length, message)
            }
        }
    }

    /// The picture as baseline JPEG with 4:2:0 subsampling.
    /// - Parameter quality: libjpeg's, 1 to 100.
    /// - Throws: ``ImagingError`` for a quality out of range, sides above 65,500 pixels (the format's limit is 65,535, libjpeg's less), or
    ///   lack of memory.
    public func encodedJPEG(quality: Int = 90) throws -> [UInt8] {
        guard (1...100).contains(quality) else {
            throw ImagingError(.invalidArgument, "JPEG quality is 1 to 100, not \(quality).")
        }
        return try Image.collect("JPEG", Int(CJPEG_MESSAGE_LENGTH)) { output, length, message in
            pixels.withUnsafeBufferPointer { input in
                guard let base = input.baseAddress else { return false }
                return cjpeg_encode(
                    base, UInt32(width), UInt32(height), Int32(channels), Int32(quality), &output, &length, message)
            }
        }
    }

    // Copies what a C encoder allocated.
    private static func collect(
        _ format: String, _ messageLength: Int,
        _ encode: (inout UnsafeMutablePointer<UInt8>?, inout Int, UnsafeMutablePointer<CChar>) -> Bool
    ) throws(ImagingError) -> [UInt8] {
        var message = [CChar](repeating: 0, count: messageLength)
        var output: UnsafeMutablePointer<UInt8>?
        var length = 0
        let done = message.withUnsafeMutableBufferPointer { buffer in
            guard let base = buffer.baseAddress else { return false }
            return encode(&output, &length, base)
        }
        guard done, let output else {
            let text = String(decoding: message.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
            throw ImagingError(.unsupported, "The picture cannot be written as \(format): \(text).")
        }
        defer { free(output) }
        return Array(UnsafeBufferPointer(start: output, count: length))
    }
}
