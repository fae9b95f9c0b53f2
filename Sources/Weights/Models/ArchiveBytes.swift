import CZlib

/// The bytes of a file in order, inflated where they are packed by gzip, a piece of a megabyte at a time.
final class ArchiveBytes {
    private let file: MappedFile
    private let stream: OpaquePointer?
    private var position = 0
    private var piece = [UInt8](repeating: 0, count: 1 << 20)
    private var available = 0..<0
    private var hasEnded = false

    /// Opens a file.
    init(_ path: String) throws {
        file = try MappedFile(path: path)
        let isPacked = file.withUnsafeBytes { $0.starts(with: [0x1F, 0x8B]) }
        stream = isPacked ? czlib_inflate_start(Int32(CZLIB_GZIP)) : nil
        if isPacked, stream == nil { throw WeightsError(.system, "\(path): there is no memory to decompress it.") }
    }

    deinit { czlib_inflate_finish(stream) }

    /// Hands out the next `count` bytes.
    func copy(_ count: Int, _ receive: (UnsafeRawBufferPointer) throws -> Void) throws {
        var left = count
        while left > 0 {
            if available.isEmpty { try refill() }
            guard !available.isEmpty else {
                throw WeightsError(
                    .truncated(missing: left), "\(file.path) is cut off: at least \(left) bytes are missing. Fetch it again.")
            }
            let part = available.prefix(left)
            try piece.withUnsafeBytes { try receive(UnsafeRawBufferPointer(rebasing: $0[part.startIndex..<part.endIndex])) }
            available = part.endIndex..<available.upperBound
            left -= part.count
        }
    }

    /// Passes over bytes.
    func skip(_ count: Int) throws { try copy(count) { _ in } }

    /// Reads over what fills the archive's last block, so that the checksum behind it is compared.
    func finish() throws {
        for _ in 0..<4 where !hasEnded {
            available = 0..<0
            try refill()
        }
    }

    /// The next `count` bytes; nil where there are none at all.
    func readIfAny(_ count: Int) throws -> [UInt8]? {
        if available.isEmpty { try refill() }
        guard !available.isEmpty else { return nil }
        var bytes: [UInt8] = []
        try copy(count) { bytes += $0 }
        return bytes
    }

    private func refill() throws {
        guard !hasEnded else { return }
        try file.withUnsafeBytes { source in
            guard let stream else {
                let part = source[position...].prefix(piece.count)
                piece.withUnsafeMutableBytes { $0.copyBytes(from: part) }
                position += part.count
                available = 0..<part.count
                hasEnded = part.isEmpty
                return
            }
            var made = 0
            while made == 0, !hasEnded {
                var used = 0
                let code = piece.withUnsafeMutableBufferPointer { room in
                    let from = source.baseAddress?.assumingMemoryBound(to: UInt8.self)
                    return Int(
                        czlib_inflate_step(
                            stream, from.map { $0 + position }, source.count - position, &used, room.baseAddress, room.count, &made))
                }
                position += used
                if code < 0, code != Int(CZLIB_TRUNCATED) {
                    throw WeightsError(.damaged, "\(file.path) is damaged: it does not inflate. Fetch it again.")
                }
                if code == Int(CZLIB_END) {
                    // Members that follow one another are joined.
                    let goesOn = source[position...].starts(with: [0x1F, 0x8B]) && czlib_inflate_reset(stream) >= 0
                    hasEnded = !goesOn
                } else if code < 0 || used == 0 && made == 0 {
                    throw WeightsError(.truncated(missing: 1), "\(file.path) is cut off. Fetch it again.")
                }
            }
            available = 0..<made
        }
    }
}
