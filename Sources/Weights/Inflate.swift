import CZlib

/// Inflating compressed bytes with zlib.
public enum Inflate {
    /// Why bytes could not be inflated.
    public enum Fault: Error, Sendable, Equatable {
        /// The compressed bytes are damaged or their checksum disagrees.
        case damaged
        /// The compressed bytes end early.
        case truncated
        /// The content is larger than the limit.
        case tooLarge
        /// There is no memory for it.
        case outOfMemory
    }

    /// How the deflate stream is wrapped.
    public enum Wrapping: Sendable {
        /// Not at all, as in a zip entry.
        case raw
        /// gzip (RFC 1952); members that follow one another are joined.
        case gzip
        /// zlib (RFC 1950).
        case zlib

        fileprivate var windowBits: Int32 {
            switch self {
            case .raw: CZLIB_RAW
            case .gzip: CZLIB_GZIP
            case .zlib: CZLIB_ZLIB
            }
        }
    }

    /// Inflates the whole of `bytes`.
    ///
    /// - Parameters:
    ///   - bytes: the compressed bytes; what follows the end of a raw or zlib stream is ignored.
    ///   - wrapping: how the stream is wrapped.
    ///   - limit: the most bytes that may come out, against "bombs"; memory grows with the content, not with the limit.
    public static func inflate(
        _ bytes: UnsafeRawBufferPointer, _ wrapping: Wrapping, limit: Int = 1 << 30
    ) throws(Fault) -> [UInt8] {
        guard let stream = czlib_inflate_start(wrapping.windowBits) else { throw .outOfMemory }
        defer { czlib_inflate_finish(stream) }
        let source = bytes.bindMemory(to: UInt8.self)
        var content: [UInt8] = []
        var piece = [UInt8](repeating: 0, count: min(max(limit, 1), 1 << 18))
        var position = 0
        while true {
            var used = 0
            var made = 0
            let code = czlib_inflate_step(
                stream, source.baseAddress.map { $0 + position }, source.count - position, &used, &piece, piece.count, &made)
            position += used
            if made > limit - content.count { throw .tooLarge }
            content.append(contentsOf: piece[..<made])
            if Int(code) == CZLIB_END {
                let another = wrapping == .gzip && source.count - position >= 2 && source[position] == 0x1F && source[position + 1] == 0x8B
                guard another else { return content }
                guard Int(czlib_inflate_reset(stream)) == CZLIB_OK else { throw .damaged }
            } else if Int(code) == CZLIB_MEMORY_ERROR {
                throw .outOfMemory
            } else if Int(code) != CZLIB_OK {
                throw .damaged
            } else if used == 0, made == 0 {
                throw position == source.count ? .truncated : .damaged
            }
        }
    }

    /// The CRC-32 of zip and gzip.
    public static func crc32(_ bytes: UnsafeRawBufferPointer) -> UInt32 {
        czlib_crc32(0, bytes.bindMemory(to: UInt8.self).baseAddress, bytes.count)
    }
}
