/// The directory of a zip file and its entries' bytes (APPNOTE.TXT 6.3: stored and deflated entries, zip64).
struct ZipArchive {
    /// One line of the central directory.
    struct Entry {
        var name: String
        var isDeflated: Bool
        var crc: UInt32
        var compressedSize: Int
        var size: Int
        /// Where its local header begins.
        var header: Int
    }

    let path: String
    private let bytes: WeightBytes
    /// Entries by name; of several with one name the last, as in other readers.
    private(set) var entries: [String: Entry] = [:]
    /// What may still be inflated: a limit for all entries together, since entries may share compressed bytes.
    private var inflationBudget: Int

    /// Reads the directory.
    init(_ bytes: WeightBytes, path: String) throws {
        self.bytes = bytes
        self.path = path
        inflationBudget = bytes.count.multipliedReportingOverflow(by: 8).partialValue &+ (4 << 30)
        try bytes.withUnsafeBytes { try readDirectory(LittleEndianBytes($0)) }
    }

    private func damaged(_ problem: String) -> WeightsError {
        WeightsError(.damaged, "\(path): the zip archive is damaged: \(problem). Fetch the file again.")
    }

    private mutating func readDirectory(_ source: LittleEndianBytes) throws {
        guard let end = source.endRecord() else {
            throw WeightsError(
                .truncated(missing: 1),
                "\(path) is cut off: it begins as a zip archive (\(source.count) bytes), but the directory at its end is not whole. "
                    + "Fetch the file again.")
        }
        guard let (count, start) = source.directoryPlace(endRecord: end), count >= 0, start >= 0, start <= end else {
            throw damaged("its end record points outside the file")
        }
        var offset = start
        for _ in 0..<count {
            guard let (entry, next) = try entry(source, at: offset), next <= end else {
                throw damaged("directory entry at byte \(offset) is not readable")
            }
            entries[entry.name] = entry
            offset = next
        }
    }

    private func entry(_ source: LittleEndianBytes, at offset: Int) throws -> (Entry, next: Int)? {
        guard source.u32(offset) == 0x0201_4B50, let flags = source.u16(offset + 8), let method = source.u16(offset + 10),
            let crc = source.u32(offset + 16), let compressed = source.u32(offset + 20), let size = source.u32(offset + 24),
            let nameLength = source.u16(offset + 28), let extraLength = source.u16(offset + 30),
            let commentLength = source.u16(offset + 32), let header = source.u32(offset + 42),
            let name = source.string(offset + 46, nameLength)
        else { return nil }
        if flags & 1 != 0 { throw WeightsError(.unsupported, "\(path): zip entry \(name) is encrypted.") }
        guard method == 0 || method == 8 else {
            throw WeightsError(
                .unsupported, "\(path): zip entry \(name) is compressed by method \(method); only stored (0) and deflated (8) are read.")
        }
        var entry = Entry(
            name: name, isDeflated: method == 8, crc: UInt32(crc), compressedSize: compressed, size: size, header: header)
        let extra = offset + 46 + nameLength
        source.applyZip64(to: &entry, at: extra, length: extraLength)
        return (entry, extra + extraLength + commentLength)
    }

    /// An entry's bytes: a slice of the file where it is stored, inflated bytes where it is deflated. The checksum is
    /// compared, unless the archive carries none (a zero, as `torch.serialization.set_crc32_options(False)` may leave).
    mutating func content(of entry: Entry) throws -> WeightBytes {
        let name = entry.name
        let place = bytes.withUnsafeBytes { buffer -> Int? in
            let source = LittleEndianBytes(buffer)
            guard source.u32(entry.header) == 0x0403_4B50, let nameLength = source.u16(entry.header + 26),
                let extraLength = source.u16(entry.header + 28)
            else { return nil }
            return entry.header + 30 + nameLength + extraLength
        }
        guard let place, let raw = bytes.slice(start: place, count: entry.compressedSize) else {
            throw damaged("entry \(name) points outside the file")
        }
        guard entry.isDeflated else {
            guard entry.size == entry.compressedSize else { throw damaged("stored entry \(name) has two sizes") }
            return raw
        }
        // Deflate cannot shrink more than 1032-fold, so a larger claim is false without trying.
        guard entry.size >= 0, entry.size / 1032 <= entry.compressedSize, entry.size <= inflationBudget else {
            throw damaged("entry \(name) claims to inflate from \(entry.compressedSize) to \(entry.size) bytes")
        }
        inflationBudget -= entry.size
        let content: [UInt8]
        do {
            content = try raw.withUnsafeBytes { try Inflate.inflate($0, .raw, limit: entry.size) }
        } catch {
            throw damaged("entry \(name) cannot be inflated")
        }
        guard content.count == entry.size else { throw damaged("entry \(name) inflates to \(content.count) bytes, not \(entry.size)") }
        guard entry.crc == 0 || content.withUnsafeBytes(Inflate.crc32) == entry.crc else {
            throw damaged("entry \(name) does not match its checksum")
        }
        return WeightBytes(content)
    }

    /// Where the first entry's bytes begin, by its local header: all that can be known of an archive without its end.
    static func firstContent(_ bytes: UnsafeRawBufferPointer) -> Int? {
        let source = LittleEndianBytes(bytes)
        guard source.u32(0) == 0x0403_4B50, source.u16(8) == 0, let name = source.u16(26), let extra = source.u16(28) else { return nil }
        return 30 + name + extra
    }

    /// Whether a stored entry's bytes agree with its checksum. This reads all of them.
    func matchesChecksum(_ content: WeightBytes, of entry: Entry) -> Bool {
        entry.crc == 0 || content.withUnsafeBytes(Inflate.crc32) == entry.crc
    }
}

/// Little-endian numbers at checked offsets.
struct LittleEndianBytes {
    let bytes: UnsafeRawBufferPointer

    init(_ bytes: UnsafeRawBufferPointer) {
        self.bytes = bytes
    }

    var count: Int { bytes.count }

    private func integer<Value: FixedWidthInteger & BitwiseCopyable>(_ offset: Int, _ type: Value.Type) -> Value? {
        guard offset >= 0, MemoryLayout<Value>.size <= count, offset <= count - MemoryLayout<Value>.size else { return nil }
        return Value(littleEndian: bytes.loadUnaligned(fromByteOffset: offset, as: type))
    }

    func u16(_ offset: Int) -> Int? { integer(offset, UInt16.self).map { Int($0) } }
    func u32(_ offset: Int) -> Int? { integer(offset, UInt32.self).map { Int($0) } }
    func u64(_ offset: Int) -> Int? { integer(offset, UInt64.self).flatMap { Int(exactly: $0) } }

    func string(_ offset: Int, _ length: Int) -> String? {
        guard offset >= 0, length <= count, offset <= count - length else { return nil }
        return String(decoding: bytes[offset..<offset + length], as: UTF8.self)
    }

    /// The offset of the end-of-directory record, which is followed only by a comment of at most 65535 bytes.
    fileprivate func endRecord() -> Int? {
        guard count >= 22 else { return nil }
        for offset in stride(from: count - 22, through: max(0, count - 22 - 65535), by: -1) where u32(offset) == 0x0605_4B50 {
            if let comment = u16(offset + 20), comment <= count - offset - 22 { return offset }
        }
        return nil
    }

    /// The number of directory entries and where they begin; from the zip64 record where there is one.
    fileprivate func directoryPlace(endRecord: Int) -> (count: Int, start: Int)? {
        if u32(endRecord - 20) == 0x0706_4B50, let record = u64(endRecord - 12), u32(record) == 0x0606_4B50,
            let entries = record <= count - 56 ? u64(record + 32) : nil, let start = u64(record + 48)
        {
            return (entries, start)
        }
        guard let entries = u16(endRecord + 10), let start = u32(endRecord + 16) else { return nil }
        return (entries, start)
    }

    /// Replaces those of an entry's numbers that overflowed 32 bits by the 64-bit ones of its extra field 1.
    fileprivate func applyZip64(to entry: inout ZipArchive.Entry, at start: Int, length: Int) {
        var offset = start
        while offset + 4 <= start + length, let tag = u16(offset), let size = u16(offset + 2) {
            if tag == 1 {
                var field = offset + 4
                for number in [\ZipArchive.Entry.size, \.compressedSize, \.header] where entry[keyPath: number] == 0xFFFF_FFFF {
                    guard field + 8 <= offset + 4 + size, let value = u64(field) else { return }
                    entry[keyPath: number] = value
                    field += 8
                }
                return
            }
            offset += 4 + size
        }
    }
}
