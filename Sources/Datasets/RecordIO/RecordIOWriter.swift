import Storage

/// Writes RecordIO, byte for byte as MXNet does. Used by one thread at a time.
///
/// Source: spec recordio.md, "The stream".
public final class RecordIOWriter {
    /// Where the next record will begin.
    public private(set) var offset: Int

    private let sink: any ByteSink
    private var pending: [UInt8] = []

    private static let flushSize = 1 << 20

    /// Writes into `sink`. `offset`: bytes that are in it already.
    public init(_ sink: any ByteSink, offset: Int = 0) {
        self.sink = sink
        self.offset = offset
    }

    /// Adds a record.
    ///
    /// - Returns: the byte offset at which it begins.
    /// - Throws: ``DatasetError`` for a payload of 2²⁹ bytes or more; `StorageError`.
    @discardableResult
    public func write(_ payload: UnsafeRawBufferPointer) throws -> Int {
        guard payload.count < RecordIO.payloadLimit else {
            throw DatasetError(
                .argument, at: "RecordIO record", "its \(payload.count) bytes are more than the \(RecordIO.payloadLimit - 1) that fit",
                remedy: "make the picture smaller")
        }
        let start = offset
        var begin = 0
        var position = 0
        // Where the magic word stands at a multiple of 4 a reader would take it for a record: the payload is cut there.
        while position + 4 <= payload.count {
            if UInt32(littleEndian: payload.loadUnaligned(fromByteOffset: position, as: UInt32.self)) == RecordIO.magic {
                try append(begin == 0 ? .first : .middle, payload[begin..<position])
                begin = position + 4
            }
            position += 4
        }
        try append(begin == 0 ? .whole : .last, payload[begin...])
        return start
    }

    /// Adds a record.
    ///
    /// - Returns: the byte offset at which it begins.
    /// - Throws: as for a buffer.
    @discardableResult
    public func write(_ payload: [UInt8]) throws -> Int { try payload.withUnsafeBytes { try write($0) } }

    /// Hands everything to the sink, which stays open.
    /// - Throws: `StorageError`.
    public func flush() throws {
        guard !pending.isEmpty else { return }
        try sink.write(pending)
        pending.removeAll(keepingCapacity: true)
    }

    /// Hands everything to the sink and commits it.
    /// - Throws: `StorageError`.
    public func finish() throws {
        try flush()
        try sink.commit()
    }

    private func append(_ part: RecordIO.Part, _ content: Slice<UnsafeRawBufferPointer>) throws {
        let word = part.rawValue << 29 | UInt32(content.count)
        withUnsafeBytes(of: RecordIO.magic.littleEndian) { pending.append(contentsOf: $0) }
        withUnsafeBytes(of: word.littleEndian) { pending.append(contentsOf: $0) }
        let padding = RecordIO.padded(content.count) - content.count
        pending.append(contentsOf: UnsafeRawBufferPointer(rebasing: content))
        for _ in 0..<padding { pending.append(0) }
        offset += RecordIO.headerSize + content.count + padding
        if pending.count >= Self.flushSize { try flush() }
    }
}
