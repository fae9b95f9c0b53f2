import Storage
import Testing

@testable import Datasets

/// Bytes in pieces of a given size, as a pipe would give them.
final class PiecewiseStream: ByteStream, @unchecked Sendable {
    private let bytes: [UInt8]
    private let piece: Int
    private var position = 0
    private let failsAtEnd: Bool

    init(_ bytes: [UInt8], piece: Int, failsAtEnd: Bool = false) {
        self.bytes = bytes
        self.piece = piece
        self.failsAtEnd = failsAtEnd
    }

    func read(into buffer: UnsafeMutableRawBufferPointer) throws -> Int {
        let count = min(piece, buffer.count, bytes.count - position)
        if count == 0, failsAtEnd { throw StorageError(.unreachable, at: "stream", "it broke off", remedy: "") }
        buffer.copyBytes(from: bytes[position..<position + count])
        position += count
        return count
    }
}

@Suite("JSON Lines")
struct JSONLinesTests {
    private func lines(_ text: String, piece: Int = 7, limit: Int = JSONLines.defaultLimit) throws -> [String] {
        let bytes = Array(text.utf8)
        let lines = JSONLines(PiecewiseStream(bytes, piece: piece), place: "a.jsonl", limit: limit)
        var found: [String] = []
        while let line = try lines.next({ String(decoding: $0, as: UTF8.self) }) {
            #expect(Array(bytes[lines.offset...].prefix(line.utf8.count)) == Array(line.utf8))
            found.append("\(lines.number):\(line)")
        }
        #expect(try lines.next { _ in true } == nil)
        return found
    }

    @Test("Ends of line, blank lines, a byte order mark and a last line without end", arguments: [1, 2, 3, 5, 1000])
    func splitting(piece: Int) throws {
        #expect(try lines("", piece: piece) == [])
        #expect(try lines("\n\r\n \t\r\n", piece: piece) == [])
        #expect(try lines("{}", piece: piece) == ["1:{}"])
        #expect(try lines("{}\n", piece: piece) == ["1:{}"])
        #expect(try lines("\u{FEFF}{\"a\":1}\r\n\r\n\n  {}  \n[1]\r", piece: piece) == ["1:{\"a\":1}", "4:  {}  ", "5:[1]"])
        #expect(try lines("\u{FEFF}\n{}", piece: piece) == ["2:{}"])
    }

    @Test("Lines of random lengths come back whole, whatever the pieces")
    func random() throws {
        let wanted = (0..<300).map { _ in String(repeating: "x", count: Int.random(in: 1...3000)) }
        for piece in [1000, 4096, 1 << 20] {
            #expect(
                try lines(wanted.joined(separator: "\n"), piece: piece, limit: 3000).map { $0.split(separator: ":")[1] }
                    == wanted.map { $0[...] })
        }
        let long = String(repeating: "y", count: 1 << 20)
        #expect(try lines(long + "\n" + long, piece: 1 << 16) == ["1:" + long, "2:" + long])
    }

    @Test("A line beyond the limit is named and passed over, and reading goes on behind it", arguments: [1, 5, 64])
    func limit(piece: Int) throws {
        let text = "12345678\n123456789\nx\n" + String(repeating: "z", count: 100) + "\nlast\n" + String(repeating: "q", count: 50)
        let lines = JSONLines(PiecewiseStream(Array(text.utf8), piece: piece), place: "a.jsonl", limit: 8)
        var found: [String] = []
        for _ in 0..<6 {
            do {
                let line = try lines.next { String(decoding: $0, as: UTF8.self) }
                found.append("\(lines.number)@\(lines.offset):\(line ?? "nil")")
            } catch {
                #expect(lines.isRecoverable)
                found.append("\(lines.offset):\(error)")
            }
        }
        let remedy = "the line is longer than 8 bytes; write one JSON object a line, with line breaks between them"
        #expect(
            found == [
                "1@0:12345678", "9:a.jsonl:2: \(remedy)", "3@19:x", "21:a.jsonl:4: \(remedy)", "5@122:last", "127:a.jsonl:6: \(remedy)",
            ])
        #expect(try lines.next { _ in true } == nil)
    }

    @Test("A failure of the stream is not to be recovered from; one of a line is")
    func failures() throws {
        struct Refused: Error {}
        let lines = JSONLines(PiecewiseStream(Array("a\nb\nc".utf8), piece: 100, failsAtEnd: true), place: "a.jsonl")
        #expect(throws: Refused.self) { try lines.next { _ in throw Refused() } }
        #expect(lines.isRecoverable)
        #expect(try lines.next { String(decoding: $0, as: UTF8.self) } == "b")
        #expect(throws: StorageError.self) { try lines.next { _ in true } }
        #expect(!lines.isRecoverable)
    }
}
