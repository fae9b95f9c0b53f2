/// Bounds-checked integers at offsets into bytes, for headers: nil where the bytes end too early.
struct ByteReader {
    let bytes: UnsafeBufferPointer<UInt8>

    var count: Int { bytes.count }

    func byte(_ offset: Int) -> UInt8? {
        offset >= 0 && offset < bytes.count ? bytes[offset] : nil
    }

    func uint16(_ offset: Int, bigEndian: Bool = true) -> Int? {
        guard offset >= 0, offset <= bytes.count - 2 else { return nil }
        let (a, b) = (Int(bytes[offset]), Int(bytes[offset + 1]))
        return bigEndian ? a << 8 | b : b << 8 | a
    }

    func uint32(_ offset: Int, bigEndian: Bool = true) -> Int? {
        guard offset >= 0, offset <= bytes.count - 4,
            let first = uint16(offset, bigEndian: bigEndian), let second = uint16(offset + 2, bigEndian: bigEndian)
        else { return nil }
        return bigEndian ? first << 16 | second : second << 16 | first
    }

    func matches(_ text: String, at offset: Int) -> Bool {
        let wanted = text.utf8
        guard offset >= 0, offset <= bytes.count - wanted.count else { return false }
        return bytes[offset..<offset + wanted.count].elementsEqual(wanted)
    }

    /// The orientation tag of a TIFF structure in `range` (EXIF's payload), upright where there is none or it is nonsense.
    func orientation(ofTIFFIn range: Range<Int>) -> Orientation {
        let tiff = ByteReader(bytes: UnsafeBufferPointer(rebasing: bytes[range.clamped(to: 0..<bytes.count)]))
        let bigEndian = tiff.matches("MM", at: 0)
        guard bigEndian || tiff.matches("II", at: 0), tiff.uint16(2, bigEndian: bigEndian) == 42,
            let directory = tiff.uint32(4, bigEndian: bigEndian), let entries = tiff.uint16(directory, bigEndian: bigEndian)
        else { return .upright }
        for entry in 0..<entries {
            let offset = directory + 2 + 12 * entry
            guard let tag = tiff.uint16(offset, bigEndian: bigEndian) else { return .upright }
            guard tag == 0x0112 else { continue }
            // A SHORT, left-aligned in the value field.
            return tiff.uint16(offset + 8, bigEndian: bigEndian).flatMap(Orientation.init(rawValue:)) ?? .upright
        }
        return .upright
    }
}

/// Runs `body` on the bytes in place where they are contiguous, else on a copy.
func withContiguousBytes<Result>(
    _ bytes: some Collection<UInt8>, _ body: (UnsafeBufferPointer<UInt8>) throws -> Result
) throws -> Result {
    if let result = try bytes.withContiguousStorageIfAvailable(body) { return result }
    return try Array(bytes).withUnsafeBufferPointer(body)
}
