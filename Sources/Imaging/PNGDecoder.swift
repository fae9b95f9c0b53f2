import CPNG

/// A PNG whose chunks before the pixels have been read.
struct PNGDecoder: ~Copyable {
    private let decoder: OpaquePointer
    private let byteCount: Int
    let header: CPNGHeader

    /// `bytes` must outlive the decoder.
    init(_ bytes: UnsafeBufferPointer<UInt8>) throws {
        var message = [CChar](repeating: 0, count: Int(CPNG_MESSAGE_LENGTH))
        var header = CPNGHeader()
        guard let base = bytes.baseAddress, let decoder = cpng_decoder_open(base, bytes.count, &header, &message) else {
            throw PNGDecoder.error(message, bytes.count)
        }
        self.decoder = decoder
        self.header = header
        byteCount = bytes.count
    }

    deinit { cpng_decoder_close(decoder) }

    consuming func decode(_ layout: CPNGLayout) throws -> Image {
        try checkSize()
        var message = [CChar](repeating: 0, count: Int(CPNG_MESSAGE_LENGTH))
        return try Image.uninitialized(
            width: Int(header.width), height: Int(header.height), channels: layout == CPNGLayoutRGB ? 3 : 1
        ) { output in
            guard let base = output.baseAddress, cpng_decoder_read(decoder, layout, base, &message) else {
                throw PNGDecoder.error(message, byteCount)
            }
        }
    }

    /// Refuses a size that so few bytes cannot hold, before memory is taken for it: deflate makes at most 1032 bytes of one.
    private func checkSize() throws {
        let samples = header.isColour && !header.isPalette ? 3 : 1
        let row = (Int(header.width) * Int(header.bitDepth) * samples + 7) / 8 + 1
        let (size, overflows) = row.multipliedReportingOverflow(by: Int(header.height))
        guard !overflows, size / 1032 <= byteCount else {
            throw ImagingError(
                .damaged,
                "\(byteCount) bytes cannot hold the \(header.width)×\(header.height) pixels that the PNG's header states. "
                    + "Copy it again or remove it from the data.")
        }
    }

    private static func error(_ message: [CChar], _ byteCount: Int) -> ImagingError {
        let text = String(decoding: message.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
        if text == "Out of memory" {
            return ImagingError(.outOfMemory, "There is not enough memory to decode the PNG.")
        }
        if text.hasSuffix("no class index") {
            return ImagingError(.unsupported, "\(text). Save the mask with one byte a pixel.")
        }
        return ImagingError(
            .damaged, "The PNG is damaged or cut off (\(byteCount) bytes): \(text). Copy it again or remove it from the data.")
    }
}
