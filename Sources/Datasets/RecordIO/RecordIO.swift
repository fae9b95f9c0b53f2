import Storage

/// The framing of RecordIO: what stands before and behind each payload.
///
/// Source: spec recordio.md, "The stream" (dmlc-core include/dmlc/recordio.h).
public enum RecordIO {
    /// The word that each part of a record begins with, little-endian in the file.
    public static let magic: UInt32 = 0xCED7_230A
    /// A payload is shorter than this: its length has 29 bits.
    public static let payloadLimit = 1 << 29
    /// Bytes before each part's content.
    static let headerSize = 8

    /// Where a part stands in its record: the upper three bits of the second word.
    enum Part: UInt32 {
        case whole = 0
        case first = 1
        case middle = 2
        case last = 3
    }

    /// A length with the zeros behind it that make it a multiple of 4.
    static func padded(_ length: Int) -> Int { (length + 3) & ~3 }

    /// The parts of a header, or what is wrong with it.
    static func header(_ bytes: UnsafeRawBufferPointer) -> (part: Part, length: Int)? {
        guard bytes.count >= headerSize, UInt32(littleEndian: bytes.loadUnaligned(as: UInt32.self)) == magic else { return nil }
        let word = UInt32(littleEndian: bytes.loadUnaligned(fromByteOffset: 4, as: UInt32.self))
        guard let part = Part(rawValue: word >> 29) else { return nil }
        return (part, Int(word & 0x1FFF_FFFF))
    }

    /// Whether a record that begins with this header may be `length` bytes long, framing included; for one in parts nobody knows.
    static func fills(_ header: [UInt8], _ length: Int) -> Bool {
        guard let (part, content) = header.withUnsafeBytes({ Self.header($0) }) else { return false }
        return part == .first || part == .whole && headerSize + padded(content) == length
    }

    /// The payload of the record that fills `bytes`, its parts joined.
    ///
    /// - Parameters:
    ///   - bytes: one record as it is stored, and nothing behind it.
    ///   - place: what an error calls it.
    /// - Throws: ``DatasetError`` where that is not one whole record.
    static func payload(ofRecord bytes: [UInt8], place: String) throws -> [UInt8] {
        let reader = RecordIOReader(MemoryStream(bytes), place: place, capacity: bytes.count)
        guard let payload = try reader.next(), reader.offset == bytes.count else {
            throw DatasetError(
                .malformed, at: place, "the index does not fit the file: no record fills \(bytes.count) bytes there",
                remedy: "remove the .idx; it can be made again")
        }
        return payload
    }
}
