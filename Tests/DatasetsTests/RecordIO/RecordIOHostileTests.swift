import Foundation
import Storage
import Testing

@testable import Datasets

/// Says that it has more than it gives, a little at a time.
private final class EndlessStream: ByteStream, @unchecked Sendable {
    private var given = 0
    private let head: [UInt8]
    private let most: Int
    init(_ head: [UInt8], most: Int) { (self.head, self.most) = (head, most) }
    func read(into buffer: UnsafeMutableRawBufferPointer) -> Int {
        let count = min(buffer.count, most - given, given < head.count ? head.count - given : 1 << 16)
        for index in 0..<count { buffer[index] = given + index < head.count ? head[given + index] : 7 }
        given += count
        return count
    }
}

@Suite("RecordIO that is damaged, or asks for too much")
struct RecordIOHostileTests {
    private static let magic = RecordIOFramingTests.magic

    private static func detection(_ count: Int) throws -> [UInt8] {
        try recordIO(
            (0..<count).map { number in
                let labels: [Float] = [2, 5] + (0...number).flatMap { [Float($0), 0.1, 0.2, 0.3, 0.4] }
                return ImageRecord(id: UInt64(number), labels: labels, image: magic + [UInt8(number), 9, 9]).payload
            })
    }

    @Test("Memory grows with the bytes that come, not with the length that a header claims", arguments: [0, 100, 3_000_000])
    func allocation(bytes: Int) throws {
        let reader = RecordIOReader(EndlessStream(Self.magic + [0xFF, 0xFF, 0xFF, 0x1F], most: 8 + bytes), place: "p", capacity: 4096)
        #expect(throws: DatasetError.self) { try reader.next() }
        #expect(reader.bufferSize <= 4096 + 4 * bytes)
    }

    @Test("After damage a stream never looks like one that has ended")
    func stickiness() throws {
        for damaged in [try recordIO([[1, 2, 3, 4]]).dropLast(4), Self.magic + [9, 0, 0, 0], Self.magic + [0, 0, 0, 0x20]] {
            let reader = RecordIOReader(MemoryStream(Array(damaged)), place: "p")
            let first = message { _ = try reader.next() }
            #expect(first.hasPrefix("p, byte 8, record 0: "))
            #expect(message { _ = try reader.next() } == first)
        }
    }

    @Test("A missing padding byte is told from a missing payload")
    func padding() throws {
        let text = message {
            _ = try RecordIOReader(MemoryStream(Array(recordIO([[1, 2, 3]]).dropLast())), place: "p").next()
        }
        #expect(text.contains("3 bytes and 1 of padding by its header, but only 3 follow"))
    }

    @Test("Image records cut at any byte or with any bit flipped are read or refused, by stream, index and scan")
    func anyDamage() throws {
        let folder = try TemporaryFolder()
        let bytes = try Self.detection(3)
        func readAll(_ damaged: [UInt8]) throws {
            let stream = RecordIOStream(MemoryStream(damaged), task: .detection, place: "pipe")
            repeat {
                do { while try stream.next() != nil {} } catch is DatasetError {}
            } while stream.isRecoverable && (try? stream.next()) ?? nil != nil
            try folder.write(damaged, to: "a.rec")
            do {
                let images = try RecordIOImages(LocalStore(folder.path), name: "a.rec", task: .detection)
                for number in 0..<images.count {
                    _ = try? images.annotation(at: number)
                    _ = try? images.record(at: number)
                }
            } catch is DatasetError {}
        }
        for hasIndex in [false, true] {
            if hasIndex {
                try folder.write(bytes, to: "whole.rec")
                try folder.write(RecordIOIndex(scanning: LocalFile(folder.path + "/whole.rec")).text, to: "a.idx")
            }
            for length in 0..<bytes.count { try readAll(Array(bytes[..<length])) }
            for bit in 0..<bytes.count * 8 {
                var damaged = bytes
                damaged[bit / 8] ^= 1 << (bit % 8)
                try readAll(damaged)
            }
        }
    }

    @Test("An index keeps only what it needs: keys of any kind, any order, any line ends; and writes what MXNet writes")
    func indexText() throws {
        let index = try #require(RecordIOIndex(text: Array("b c\t16\r\n\r\n-7\t0\r\n18446744073709551616\t24".utf8), size: 40))
        #expect(index.offsets == [0, 16, 24])
        #expect(index.text == Array("0\t0\n1\t16\n2\t24\n".utf8))
        for wrong in ["0", "\t0\n", "0\t\n", "0\t0x10\n", "0\t0\n1\t1000000000000000000000000\n", "0\t0\n1\t-8\n", "0\t٣\n"] {
            #expect(RecordIOIndex(text: Array(wrong.utf8), size: 40) == nil, "\(wrong)")
        }
    }

    @Test("An index that was made before records were appended is not believed")
    func appended() throws {
        let folder = try TemporaryFolder()
        try folder.write(Self.detection(3), to: "a.rec")
        try folder.write(RecordIOIndex(scanning: LocalFile(folder.path + "/a.rec")).text, to: "a.idx")
        try folder.write(Self.detection(3) + Self.detection(2), to: "a.rec")
        // The last record that the index knows comes in parts here, so that its header alone does not tell.
        let images = try RecordIOImages(LocalStore(folder.path), name: "a.rec", task: .detection)
        #expect(images.count == 5 || message { _ = try images.record(at: images.count - 1) }.contains("remove the .idx"))

        let plain = [ImageRecord(id: 0, labels: [2, 5], image: [1]).payload, ImageRecord(id: 1, labels: [2, 5], image: [2]).payload]
        try folder.write(recordIO(plain + plain), to: "b.rec")
        try folder.write(String(decoding: RecordIOIndex(offsets: [0], size: 0).text, as: UTF8.self) + "1\t44\n", to: "b.idx")
        let grown = try RecordIOImages(LocalStore(folder.path), name: "b.rec", task: .detection)
        #expect(grown.count == 4 && grown.warnings.count == 1)
    }

    @Test("label_width is what classification must have, and room that detection may leave free")
    func labelWidth() throws {
        let bytes = try Self.detection(3)
        func outcome(_ width: Int) -> String {
            message {
                let stream = RecordIOStream(MemoryStream(bytes), task: .detection, labelWidth: width, place: "p")
                while try stream.next() != nil {}
            }
        }
        #expect(outcome(350) == "no error")
        #expect(outcome(17) == "no error")
        #expect(outcome(16) == "p, record 2: it has 17 labels where label_width is 16; set label_width to 17 or more")
        #expect(throws: DatasetError.self) {
            try ImageRecordLabels.annotation([1, 0, 1], task: .classification, labelWidth: 4, place: "p")
        }
    }

    @Test("Labels that would be read back as something else are not written")
    func unwritable() throws {
        let box = BoundingBox(classID: 1, left: 0, top: 0, right: 1, bottom: 1)
        let unwritable: [(Annotation, Int)] = [
            (.label(.single(-1)), 6), (.label(.single(16_777_217)), 6), (.label(.single(.max)), 6), (.label(.multi([])), 6),
            (.label(.multi([1])), 6), (.boxes([box]), 4), (.boxes([box]), 7), (.mask(.encoded([])), 6),
            (.boxes([BoundingBox(classID: -1, left: 0, top: 0, right: 1, bottom: 1)]), 6),
        ]
        for (annotation, width) in unwritable {
            #expect(throws: DatasetError.self) { try ImageRecordLabels.labels(of: annotation, objectWidth: width, place: "p") }
        }
        #expect(try ImageRecordLabels.labels(of: .label(.single(16_777_216)), place: "p") == [16_777_216])
    }

    @Test("An interrupted writer has left all but its last few megabytes")
    func flushing() throws {
        let folder = try TemporaryFolder()
        let image = [UInt8](repeating: 3, count: 1 << 20)
        do {
            let writer = try RecordIOImageWriter(LocalStore(folder.path), name: "a")
            for number in 0..<12 {
                try writer.write(
                    AnnotatedImage(name: "\(number).jpg", payload: .encoded(image), annotation: .label(.single(number)), place: "made"))
            }
        }
        let writer = try RecordIOImageWriter(LocalStore(folder.path), name: "a", resume: true)
        #expect(writer.count >= 8 && writer.count <= 12)
    }

    @Test("Pieces of a file are contiguous, cover it, and differ by one record at most", arguments: [1, 2, 3, 7])
    func pieces(hosts: Int) throws {
        for count in [0, 1, 5, 20, 21, Int.max] {
            let pieces = try (0..<hosts).map { try RecordShard(host: $0, of: hosts).piece(of: count) }
            #expect(pieces.first?.lowerBound == 0 && pieces.last?.upperBound == count)
            #expect(zip(pieces, pieces.dropFirst()).allSatisfy { $0.upperBound == $1.lowerBound })
            #expect((pieces.map(\.count).max() ?? 0) - (pieces.map(\.count).min() ?? 0) <= 1)
        }
    }
}
