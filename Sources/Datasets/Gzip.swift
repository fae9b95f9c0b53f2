import CZlib

/// Gzip files, read whole.
enum Gzip {
    /// Whether the bytes begin as a gzip file does (RFC 1952); file names say less.
    static func isCompressed(_ bytes: [UInt8]) -> Bool {
        bytes.starts(with: [0x1F, 0x8B])
    }

    /// The first `limit` bytes of the content, or all of it if it is shorter. Members that follow each other are joined.
    static func inflate(_ bytes: [UInt8], limit: Int, path: String) throws -> [UInt8] {
        guard let stream = czlib_inflate_start(Int32(CZLIB_GZIP)) else {
            throw DatasetError(.unreadable, at: path, "there is no memory to decompress it", remedy: "free some memory")
        }
        defer { czlib_inflate_finish(stream) }
        var code = Int(CZLIB_OK)
        var position = 0
        let content = [UInt8](unsafeUninitializedCapacity: limit) { target, made in
            made = 0
            bytes.withUnsafeBufferPointer { source in
                while made < limit, let from = source.baseAddress, let to = target.baseAddress {
                    if code == Int(CZLIB_END) {
                        // Padding behind the last member is common (tapes, aligned uploads) and harmless.
                        guard bytes[position...].starts(with: [0x1F, 0x8B]) else { return }
                        code = Int(czlib_inflate_reset(stream))
                        if code < 0 { return }
                    }
                    var used = 0
                    var written = 0
                    code = Int(
                        czlib_inflate_step(stream, from + position, source.count - position, &used, to + made, limit - made, &written))
                    position += used
                    made += written
                    if code < 0 { return }
                    // There is room left, so it was the input that ran out.
                    if code == Int(CZLIB_OK), made < limit {
                        code = Int(CZLIB_TRUNCATED)
                        return
                    }
                }
            }
        }
        if code < 0 {
            let problem = code == Int(CZLIB_TRUNCATED) ? "the gzip stream is cut" : "the gzip stream is damaged"
            throw DatasetError(.malformed, at: path, problem, remedy: "fetch the file again")
        }
        return content
    }
}
