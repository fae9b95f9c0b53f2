/// The framing of TensorFlow's record files: each record behind its length and followed by its check sum.
///
/// Source: tensorflow/core/lib/io/record_writer.h; CRC-32C: RFC 3720, appendix B.4.
enum TFRecord {
    /// A record as it lies in the file: length (8 bytes, little-endian), the length's check sum, the bytes, the bytes' check sum.
    static func framed(_ bytes: [UInt8]) -> [UInt8] {
        let length = littleEndian(UInt64(bytes.count))
        return length + littleEndian(masked(crc32c(length))) + bytes + littleEndian(masked(crc32c(bytes)))
    }

    /// A check sum turned and shifted, so that the check sum of bytes that hold check sums stays one.
    static func masked(_ sum: UInt32) -> UInt32 { (sum >> 15 | sum << 17) &+ 0xA282_EAD8 }

    /// Castagnoli's cyclic redundancy check.
    static func crc32c(_ bytes: [UInt8]) -> UInt32 {
        ~bytes.reduce(~UInt32(0)) { sum, byte in table[Int(UInt8(truncatingIfNeeded: sum) ^ byte)] ^ sum >> 8 }
    }

    private static let table: [UInt32] = (0..<256).map { value in
        (0..<8).reduce(UInt32(value)) { sum, _ in sum & 1 == 1 ? sum >> 1 ^ 0x82F6_3B78 : sum >> 1 }
    }

    private static func littleEndian<Number: FixedWidthInteger>(_ number: Number) -> [UInt8] {
        withUnsafeBytes(of: number.littleEndian) { Array($0) }
    }
}
