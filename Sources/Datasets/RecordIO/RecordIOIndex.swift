import Foundation
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

    /// Reads the text of an `.idx`: key, tab, byte offset; in any order.
    ///
    /// `size`: of the RecordIO file in bytes.
    /// - Returns: nil where the text does not fit a file of that size: an index that is older than its file.
    public init?(text: [UInt8], size: Int) {
        var offsets: [Int] = []
        for line in text.split(separator: UInt8(ascii: "\n")) {
            let fields = String(decoding: line, as: UTF8.self).split(whereSeparator: \.isWhitespace)
            if fields.isEmpty { continue }
            guard fields.count == 2, let offset = Int(fields[1]), offset >= 0, offset < size, offset.isMultiple(of: 4) else { return nil }
            offsets.append(offset)
        }
        offsets.sort()
        guard offsets.first ?? 0 == 0, zip(offsets, offsets.dropFirst()).allSatisfy({ $0 < $1 }), offsets.isEmpty == (size == 0) else {
            return nil
        }
        (self.offsets, self.size) = (offsets, size)
    }

    /// Finds the records of a local file by stepping from header to header; payloads are not read.
    /// - Throws: ``DatasetError`` where the file is damaged; `StorageError`.
    public init(scanning file: LocalFile) throws {
        var offsets: [Int] = []
        var position = 0
        var isWithinRecord = false
        var header = [UInt8](repeating: 0, count: RecordIO.headerSize)
        while position < file.size {
            func fault(_ problem: String) -> DatasetError {
                DatasetError(
                    .malformed, at: "\(file.path), byte \(position), record \(offsets.count)", problem,
                    remedy: "the file is damaged or incomplete: copy or make it again")
            }
            guard file.size - position >= RecordIO.headerSize else { throw fault("it is cut off within a record's header") }
            try header.withUnsafeMutableBytes { try file.read(at: position, into: $0) }
            guard let (part, length) = header.withUnsafeBytes(RecordIO.header) else {
                throw fault("these bytes are not the beginning of a RecordIO record")
            }
            guard (part == .middle || part == .last) == isWithinRecord else { throw fault("the parts of a split record are out of order") }
            if !isWithinRecord { offsets.append(position) }
            isWithinRecord = part == .first || part == .middle
            position += RecordIO.headerSize + RecordIO.padded(length)
            guard position <= file.size else { throw fault("the record's \(length) bytes go over the end of the file") }
        }
        guard !isWithinRecord else {
            throw DatasetError(
                .malformed, at: file.path, "it ends between the parts of a record", remedy: "the file is incomplete: copy or make it again")
        }
        (self.offsets, size) = (offsets, file.size)
    }
}
