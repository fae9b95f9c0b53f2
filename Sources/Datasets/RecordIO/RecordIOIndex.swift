import Storage

/// Where the records of a RecordIO file begin.
///
/// Source: spec recordio.md, "The stream" (`.idx`).
public struct RecordIOIndex: Sendable, Equatable {
    /// Byte offset of each record, ascending: the order of the file.
    public let offsets: [Int]
    /// Bytes of the file.
    public let size: Int

    /// The bytes that record `number` fills.
    func range(_ number: Int) -> Range<Int> {
        offsets[number]..<(number + 1 < offsets.count ? offsets[number + 1] : size)
    }

    /// Reads the text of an `.idx`: key, tab, byte offset; in any order. Keys may be anything: records are numbered as they lie in the file.
    ///
    /// `size`: of the RecordIO file in bytes.
    /// - Returns: nil where the text does not fit a file of that size: an index that is older than its file.
    public init?(text: [UInt8], size: Int) {
        var offsets: [Int] = []
        var rest = text[...]
        while let first = rest.firstIndex(where: { $0 > UInt8(ascii: " ") }) {
            let end = rest[first...].firstIndex(of: UInt8(ascii: "\n")) ?? rest.endIndex
            guard let offset = Self.lastNumber(rest[first..<end]), offset < size, offset.isMultiple(of: 4) else { return nil }
            offsets.append(offset)
            rest = rest[end...]
        }
        offsets.sort()
        guard offsets.first ?? 0 == 0, zip(offsets, offsets.dropFirst()).allSatisfy({ $0 < $1 }), offsets.isEmpty == (size == 0) else {
            return nil
        }
        (self.offsets, self.size) = (offsets, size)
    }

    /// The text of an `.idx` whose keys are the records' numbers.
    public var text: [UInt8] {
        var text: [UInt8] = []
        for (number, offset) in offsets.enumerated() { text += "\(number)\t\(offset)\n".utf8 }
        return text
    }

    /// Finds the records of a local file by stepping from header to header; payloads are not read.
    /// - Throws: ``DatasetError`` where the file is damaged; `StorageError`.
    public init(scanning file: LocalFile) throws {
        let found = try Self.scan(file)
        if let fault = found.fault { throw fault }
        (offsets, size) = (found.offsets, file.size)
    }

    /// The whole records that a file begins with, where they end, and what is wrong there.
    static func scan(_ file: LocalFile) throws -> (offsets: [Int], end: Int, fault: DatasetError?) {
        var offsets: [Int] = []
        var end = 0
        var position = 0
        var header = [UInt8](repeating: 0, count: RecordIO.headerSize)
        while position < file.size {
            func fault(_ problem: String) -> (offsets: [Int], end: Int, fault: DatasetError?) {
                let place = "\(file.path), byte \(position), record \(offsets.count)"
                let remedy = "the file is damaged or incomplete: copy or make it again"
                return (offsets, end, DatasetError(.malformed, at: place, problem, remedy: remedy))
            }
            guard file.size - position >= RecordIO.headerSize else { return fault("it is cut off within a record's header") }
            try header.withUnsafeMutableBytes { try file.read(at: position, into: $0) }
            guard let (part, length) = header.withUnsafeBytes({ RecordIO.header($0) }) else {
                return fault("these bytes are not the beginning of a RecordIO record")
            }
            guard (part == .middle || part == .last) == (position > end) else {
                return fault("the parts of a split record are out of order")
            }
            let next = position + RecordIO.headerSize + RecordIO.padded(length)
            guard next <= file.size else { return fault("the record's \(length) bytes go over the end of the file") }
            position = next
            if part == .whole || part == .last {
                offsets.append(end)
                end = next
            } else if position == file.size {
                return fault("it ends between the parts of a record")
            }
        }
        return (offsets, end, nil)
    }

    /// The number in the last of two or more columns.
    private static func lastNumber(_ line: ArraySlice<UInt8>) -> Int? {
        guard let last = line.lastIndex(where: { $0 > UInt8(ascii: " ") }) else { return nil }
        var value = 0
        var scale = 1
        for index in stride(from: last, through: line.startIndex, by: -1) {
            let digit = Int(line[index]) - 48
            if line[index] <= UInt8(ascii: " ") { return index < last ? value : nil }
            guard (0...9).contains(digit), last - index < 18 else { return nil }
            value += digit * scale
            scale *= 10
        }
        return nil
    }
}
