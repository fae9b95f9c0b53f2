import Foundation
import Storage
import Testing

@testable import Datasets

/// A sink in memory.
final class MemorySink: ByteSink, @unchecked Sendable {
    private(set) var bytes: [UInt8] = []
    private(set) var isCommitted = false
    func write(_ more: UnsafeRawBufferPointer) { bytes.append(contentsOf: more) }
    func commit() { isCommitted = true }
}

/// Gives a few bytes at a time, as a pipe may.
private final class DrippingStream: ByteStream, @unchecked Sendable {
    private var rest: ArraySlice<UInt8>
    private let most: Int
    init(_ bytes: [UInt8], most: Int) { (rest, self.most) = (bytes[...], most) }
    func read(into buffer: UnsafeMutableRawBufferPointer) -> Int {
        let piece = rest.prefix(min(most, buffer.count))
        buffer.copyBytes(from: piece)
        rest = rest.dropFirst(piece.count)
        return piece.count
    }
}

func recordIO(_ payloads: [[UInt8]]) throws -> [UInt8] {
    let sink = MemorySink()
    let writer = RecordIOWriter(sink)
    for payload in payloads { try writer.write(payload) }
    try writer.finish()
    return sink.bytes
}

@Suite("RecordIO framing")
struct RecordIOFramingTests {
    static let magic: [UInt8] = [0x0A, 0x23, 0xD7, 0xCE]

    private func read(_ bytes: [UInt8], most: Int = .max) throws -> [[UInt8]] {
        let reader = RecordIOReader(DrippingStream(bytes, most: most), place: "test.rec", capacity: 64)
        var payloads: [[UInt8]] = []
        while let payload = try reader.next() { payloads.append(payload) }
        return payloads
    }

    @Test("Records are the bytes that the format's description shows")
    func bytes() throws {
        #expect(try recordIO([[]]) == Self.magic + [0, 0, 0, 0])
        #expect(try recordIO([Array("abc".utf8)]) == Self.magic + [3, 0, 0, 0, 0x61, 0x62, 0x63, 0])
        let split = try recordIO([Self.magic + Array("abcd".utf8)])
        #expect(split == Self.magic + [0, 0, 0, 0x20] + Self.magic + [4, 0, 0, 0x60, 0x61, 0x62, 0x63, 0x64])
        // Not at a multiple of 4: left alone.
        #expect(try recordIO([[1] + Self.magic]) == Self.magic + [5, 0, 0, 0, 1] + Self.magic + [0, 0, 0])
    }

    @Test("Any payloads come back, magic numbers within them included, however few bytes come at a time", arguments: [1, 3, 7, 1000])
    func roundTrip(most: Int) throws {
        var random = RandomStream(seed: 5, epoch: 0, index: most)
        let payloads = (0..<60).map { _ in
            (0..<Int.random(in: 0...40, using: &random)).flatMap { _ in
                Int.random(in: 0..<3, using: &random) == 0 ? Self.magic : [UInt8.random(in: 0...255, using: &random)]
            }
        }
        let bytes = try recordIO(payloads)
        #expect(try read(bytes, most: most) == payloads)
        #expect(bytes.count.isMultiple(of: 4))
    }

    @Test("A record larger than the buffer is read whole")
    func large() throws {
        let payload = (0..<3_000_001).map { UInt8(truncatingIfNeeded: $0 &* 2_654_435_761 >> 7) }
        #expect(try read(recordIO([[1], payload, [2, 3]]), most: 65536) == [[1], payload, [2, 3]])
    }

    @Test("A file cut at any byte gives its whole records and then an error, unless it is cut between records")
    func truncated() throws {
        let payloads: [[UInt8]] = [[1, 2, 3], Self.magic + [9, 9], [], Array(repeating: 7, count: 20)]
        let bytes = try recordIO(payloads)
        let ends = try payloads.indices.map { try recordIO(Array(payloads[...$0])).count }
        for length in 0..<bytes.count {
            let reader = RecordIOReader(MemoryStream(Array(bytes[..<length])), place: "cut.rec")
            var count = 0
            let text = message { while try reader.next() != nil { count += 1 } }
            #expect(count == ends.filter { $0 <= length }.count)
            #expect((text == "no error") == (length == 0 || ends.contains(length)), "cut at \(length): \(text)")
        }
    }

    @Test("Flipped bits are read or refused, never a crash")
    func flipped() throws {
        let bytes = try recordIO([[1, 2, 3], Self.magic + [9, 9], Array(repeating: 7, count: 20)])
        for bit in 0..<bytes.count * 8 {
            var damaged = bytes
            damaged[bit / 8] ^= 1 << (bit % 8)
            _ = try? read(damaged)
        }
    }

    @Test("A length that a short file can't hold is an error that names the byte and the record")
    func promisedTooMuch() throws {
        let text = message { _ = try read(recordIO([[5]]) + Self.magic + [0xFF, 0xFF, 0xFF, 0x1F, 1, 2, 3, 4]) }
        #expect(
            text.contains("test.rec, byte 20, record 1")
                && text.contains("536870911 bytes and 1 of padding by its header, but only 4 follow"))
    }

    @Test("Parts out of order are errors")
    func partOrder() throws {
        func part(_ flag: UInt8) -> [UInt8] { Self.magic + [4, 0, 0, flag << 5, 1, 2, 3, 4] }
        for flags: [UInt8] in [[2], [3], [1], [1, 0], [1, 1], [1, 2], [4], [7]] {
            #expect(throws: DatasetError.self) { try read(flags.flatMap(part)) }
        }
        #expect(try read([1, 2, 3].flatMap(part)).first?.count == 20)
    }

    @Test("An index fits its file or is refused")
    func index() throws {
        #expect(RecordIOIndex(text: Array("1\t0\n0\t16\n".utf8), size: 40)?.offsets == [0, 16])
        for wrong in ["0\t4\n", "0\t0\n1\t40\n", "0\t0\n1\t0\n", "0\t0\n1\t6\n", "x\n", "0\t-4\n", "0\t99999999999999999999\n", ""] {
            #expect(RecordIOIndex(text: Array(wrong.utf8), size: 40) == nil, "\(wrong)")
        }
        #expect(RecordIOIndex(text: [], size: 0)?.offsets == [])
    }

    @Test("Scanning finds what reading finds")
    func scan() throws {
        let folder = try TemporaryFolder()
        let payloads: [[UInt8]] = [[1], Self.magic + Self.magic, [], [1, 2, 3, 4, 5]]
        let path = try folder.write(recordIO(payloads), to: "a.rec")
        let index = try RecordIOIndex(scanning: LocalFile(path))
        let file = try LocalFile(path)
        #expect(try index.offsets.indices.map { try RecordIO.payload(ofRecord: file.bytes(in: index.range($0)), place: path) } == payloads)
        try folder.write(Array(recordIO(payloads).dropLast(4)), to: "b.rec")
        #expect(message { _ = try RecordIOIndex(scanning: LocalFile(folder.path + "/b.rec")) }.contains("over the end of the file"))
    }

    @Test("Every record belongs to exactly one host, and shares differ by one at most", arguments: [1, 2, 3, 7])
    func shards(hosts: Int) throws {
        let shards = try (0..<hosts).map { try RecordShard(host: $0, of: hosts) }
        for count in 0..<20 {
            #expect(shards.flatMap { Array($0.indices(of: count)) }.sorted() == Array(0..<count))
            let sizes = shards.map { $0.count(of: count) }
            #expect(sizes == shards.map { Array($0.indices(of: count)).count })
            #expect((sizes.max() ?? 0) - (sizes.min() ?? 0) <= 1)
        }
        #expect(throws: DatasetError.self) { try RecordShard(host: hosts, of: hosts) }
    }
}
