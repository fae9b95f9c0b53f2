import Testing

@testable import Weights

struct InflateTests {
    /// `zlib.compressobj(wbits=…)` of Python for b"sightline " * 5.
    static let raw: [UInt8] = [0x2B, 0xCE, 0x4C, 0xCF, 0x28, 0xC9, 0xC9, 0xCC, 0x4B, 0x55, 0x28, 0x26, 0x92, 0x05, 0x00]
    static let text = [UInt8](String(repeating: "sightline ", count: 5).utf8)
    static let gzip: [UInt8] = [0x1F, 0x8B, 8, 0, 0, 0, 0, 0, 0, 0xFF] + raw

    private func inflate(_ bytes: [UInt8], _ wrapping: Inflate.Wrapping, limit: Int = 1000) -> Result<[UInt8], Inflate.Fault> {
        bytes.withUnsafeBytes { buffer in Result { () throws(Inflate.Fault) in try Inflate.inflate(buffer, wrapping, limit: limit) } }
    }

    @Test("Raw deflate inflates within its limit")
    func rawDeflate() {
        #expect(inflate(Self.raw, .raw) == .success(Self.text))
        #expect(inflate(Self.raw, .raw, limit: Self.text.count) == .success(Self.text))
        #expect(inflate(Self.raw, .raw, limit: Self.text.count - 1) == .failure(.tooLarge))
        #expect(inflate(Array(Self.raw.dropLast(3)), .raw) == .failure(.truncated))
        #expect(inflate([0xFF, 0xFF], .raw) == .failure(.damaged))
        #expect(inflate([], .raw) == .failure(.truncated))
    }

    @Test("gzip members are joined, and a wrong checksum is found")
    func gzipMembers() {
        let crc = Self.text.withUnsafeBytes(Inflate.crc32)
        let trailer = withUnsafeBytes(of: (crc.littleEndian, UInt32(Self.text.count).littleEndian)) { Array($0) }
        #expect(inflate(Self.gzip + trailer, .gzip) == .success(Self.text))
        #expect(inflate(Self.gzip + trailer + Self.gzip + trailer, .gzip) == .success(Self.text + Self.text))
        #expect(inflate(Self.gzip + [trailer[0] ^ 1] + trailer[1...], .gzip) == .failure(.damaged))
        #expect(Array("123456789".utf8).withUnsafeBytes(Inflate.crc32) == 0xCBF4_3926)
    }
}
