import Glibc
import Storage

/// The lines of a JSON Lines text (jsonlines.org), one after another, in a buffer that holds a line and some: memory does not grow with the
/// text. Ends of line are LF or CRLF, the last may be absent; lines of blanks only are passed over, and so is a byte order mark.
final class JSONLines {
    /// The longest line that is read, in bytes, unless told otherwise: 16 MiB, some 200,000 boxes.
    static let defaultLimit = 16 << 20

    /// Number of the line that was given last, counted from 1, blank ones included.
    private(set) var number = 0
    /// Where that line begins, in bytes from the beginning of the text.
    private(set) var offset = 0
    /// Whether the error thrown last concerned one line, so that the next call goes on behind it.
    private(set) var isRecoverable = true

    private let stream: any ByteStream
    private let place: String
    private let limit: Int
    private var buffer: [UInt8]
    /// Bytes of the buffer that are read and not given yet.
    private var start = 0
    private var end = 0
    private var isAtEnd = false
    /// Place of `start` in the text.
    private var consumed: Int
    /// No line that begins here or later is given.
    private let stop: Int

    /// `place`: what errors call the text. `limit`: the longest line, in bytes. `piece`: the part of the text whose lines are wanted: the
    /// stream begins at its beginning, which is a line's, and the last line is the last one that begins within it.
    init(_ stream: any ByteStream, place: String, limit: Int = JSONLines.defaultLimit, piece: Range<Int> = 0..<Int.max) {
        self.stream = stream
        self.place = place
        self.limit = max(limit, 1)
        consumed = piece.lowerBound
        stop = piece.upperBound
        buffer = [UInt8](repeating: 0, count: min(1 << 16, self.limit + 1))
    }

    /// Calls `body` with the next line that is not blank, without its end; nil at the end of the text.
    ///
    /// - Throws: ``DatasetError`` for a line beyond the limit, which is passed over; what the stream and `body` throw.
    func next<Result>(_ body: (UnsafeBufferPointer<UInt8>) throws -> Result) throws -> Result? {
        isRecoverable = false
        while let line = try nextRange() {
            if offset == 0, line.count >= 3, buffer[line.lowerBound..<line.lowerBound + 3].elementsEqual([0xEF, 0xBB, 0xBF]) {
                offset += 3
                if let result = try give(line.dropFirst(3), body) { return result }
            } else if let result = try give(line, body) {
                return result
            }
        }
        return nil
    }

    private func give<Result>(_ line: Range<Int>, _ body: (UnsafeBufferPointer<UInt8>) throws -> Result) throws -> Result? {
        try buffer.withUnsafeBufferPointer { all in
            var bytes = UnsafeBufferPointer(rebasing: all[line])
            if bytes.last == 0x0D { bytes = UnsafeBufferPointer(rebasing: bytes.dropLast()) }
            guard bytes.contains(where: { $0 != 0x20 && $0 != 0x09 && $0 != 0x0D }) else { return nil }
            isRecoverable = true
            return try body(bytes)
        }
    }

    // The next line's place in the buffer, its end left out. What was given before is forgotten.
    private func nextRange() throws -> Range<Int>? {
        // Bytes of the line that were searched already: a long line is not searched again with each piece.
        var searched = 0
        guard consumed < stop else { return nil }
        while true {
            if let length = lineFeed(from: start + searched).map({ $0 - start }) {
                guard length <= limit else {
                    offset = consumed
                    throw tooLong(passing: length + 1)
                }
                return take(length, terminator: 1)
            }
            searched = end - start
            if isAtEnd { return searched == 0 ? nil : take(searched, terminator: 0) }
            if searched > limit { try passOverLongLine() }
            try fill()
        }
    }

    private func take(_ length: Int, terminator: Int) -> Range<Int> {
        let line = start..<start + length
        number += 1
        offset = consumed
        start += length + terminator
        consumed += length + terminator
        return line
    }

    private func lineFeed(from index: Int) -> Int? {
        guard index < end else { return nil }
        return buffer.withUnsafeBytes { bytes in
            guard let base = bytes.baseAddress, let found = memchr(base + index, 0x0A, end - index) else { return nil }
            return UnsafeRawPointer(found) - base
        }
    }

    private func fill() throws {
        if start > 0 {
            let (start, end) = (start, end)
            buffer.withUnsafeMutableBytes { bytes in
                if let base = bytes.baseAddress, end > start { memmove(base, base + start, end - start) }
            }
            self.end -= start
            self.start = 0
        }
        if end == buffer.count {
            // A line of the limit's length and its LF are all that must fit.
            buffer.append(contentsOf: repeatElement(0, count: min(buffer.count, limit + 1 - buffer.count)))
        }
        let end = end
        let got = try buffer.withUnsafeMutableBytes { try stream.read(into: UnsafeMutableRawBufferPointer(rebasing: $0[end...])) }
        if got == 0 { isAtEnd = true }
        self.end += got
    }

    private func passOverLongLine() throws {
        offset = consumed
        while true {
            if let index = lineFeed(from: start) { throw tooLong(passing: index + 1 - start) }
            consumed += end - start
            start = 0
            end = 0
            try fill()
            if isAtEnd { throw tooLong(passing: 0) }
        }
    }

    private func tooLong(passing bytes: Int) -> DatasetError {
        number += 1
        start += bytes
        consumed += bytes
        isRecoverable = true
        return Self.tooLong(place, number, limit: limit)
    }

    static func tooLong(_ place: String, _ number: Int, limit: Int) -> DatasetError {
        DatasetError(
            .malformed, at: "\(place):\(number)", "the line is longer than \(limit) bytes",
            remedy: "write one JSON object a line, with line breaks between them")
    }
}

extension Range<Int> {
    fileprivate func dropFirst(_ count: Int) -> Range<Int> { lowerBound + count..<upperBound }
}
