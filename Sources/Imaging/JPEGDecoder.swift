import CJPEG

/// A JPEG whose header has been read.
struct JPEGDecoder: ~Copyable {
    private let decoder: OpaquePointer
    let width: Int
    let height: Int

    /// `bytes` must outlive the decoder.
    init(_ bytes: UnsafeBufferPointer<UInt8>, options: DecodeOptions) throws {
        var message = [CChar](repeating: 0, count: Int(CJPEG_MESSAGE_LENGTH))
        var header = CJPEGHeader()
        guard let base = bytes.baseAddress,
            let decoder = cjpeg_decoder_open(base, bytes.count, options.tolerant, &header, &message)
        else { throw JPEGDecoder.error(message, bytes.count) }
        self.decoder = decoder
        byteCount = bytes.count
        width = Int(header.width)
        height = Int(header.height)
    }

    deinit { cjpeg_decoder_close(decoder) }

    private let byteCount: Int

    /// Decodes columns and rows of the stored picture reduced by `denominator` (1, 2, 4 or 8); `window` is in reduced pixels.
    /// The result may be wider than asked: `offset` is the column of it where the window begins.
    consuming func decode(
        window: PixelRect, denominator: Int, channels: ChannelLayout
    ) throws -> (image: Image, offset: Int) {
        var message = [CChar](repeating: 0, count: Int(CJPEG_MESSAGE_LENGTH))
        var request = CJPEGWindow(
            channels: Int32(channels.rawValue), scaleEighths: UInt32(8 / denominator), x: UInt32(window.x), y: UInt32(window.y),
            width: UInt32(window.width), height: UInt32(window.height))
        guard cjpeg_decoder_start(decoder, &request, &message) else { throw JPEGDecoder.error(message, byteCount) }
        let image = try Image.uninitialized(width: Int(request.width), height: window.height, channels: channels.rawValue) { output in
            guard let base = output.baseAddress, cjpeg_decoder_read(decoder, base, &message) else {
                throw JPEGDecoder.error(message, byteCount)
            }
        }
        return (image, window.x - Int(request.x))
    }

    private static func error(_ message: [CChar], _ byteCount: Int) -> ImagingError {
        let text = String(decoding: message.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
        if text.hasPrefix("Out of memory") || text.hasPrefix("Insufficient memory") {
            return ImagingError(.outOfMemory, "There is not enough memory to decode the JPEG.")
        }
        if text.hasPrefix("Unsupported") || text.hasPrefix("Sorry") {
            return ImagingError(.unsupported, "libjpeg cannot decode this JPEG: \(text). Convert it to a baseline or progressive JPEG.")
        }
        return ImagingError(
            .damaged, "The JPEG is damaged or cut off (\(byteCount) bytes): \(text). Copy it again or remove it from the data.")
    }
}
