import Storage

/// Reads RecordIO from its beginning to its end. Used by one thread at a time.
///
/// Payloads are lent, not copied, unless the payload holds the magic number and comes in parts. Memory grows with the bytes that really
/// come, not with the lengths that a damaged file claims.
///
/// Source: spec recordio.md, "The stream".
public final class RecordIOReader {
    /// Byte offset of the next record's first part.
    public private(set) var offset = 0
    /// Records read so far.
    public private(set) var count = 0

    private let stream: any ByteStream
    private let place: String
    private var buffer: UnsafeMutableRawBufferPointer
    /// The bytes in the buffer that were not lent yet.
    private var filled = 0..<0
    private var hasEnded = false
    private var joined: [UInt8] = []
    private var failure: DatasetError?

    /// Reads `stream`, which must begin at a record. `place`: what errors call it. `capacity`: bytes of the buffer that it begins with.
    public init(_ stream: any ByteStream, place: String, capacity: Int = 512 << 10) {
        self.stream = stream
        self.place = place
        buffer = .allocate(byteCount: max(64, capacity), alignment: 16)
    }

    deinit { buffer.deallocate() }

    /// Bytes of memory that the reader holds.
    var bufferSize: Int { buffer.count + joined.capacity }

    /// Lends the payload of the next record to `body`; nil at the end of the stream.
    ///
    /// - Throws: ``DatasetError`` where the stream is damaged or cut off, then and from then on; `StorageError`; what `body` throws, after
    ///   which the next record follows.
    public func withNext<Result>(_ body: (UnsafeRawBufferPointer) throws -> Result) throws -> Result? {
        if let failure { throw failure }
        guard let (part, length) = try nextHeader(isStart: true) else { return nil }
        switch part {
        case .whole:
            let content = try take(length)
            return try finish { try body(content) }
        case .first:
            try joinParts(firstLength: length)
            return try finish { try joined.withUnsafeBytes(body) }
        case .middle, .last:
            throw fault("it is the \(part) part of a record whose first part is missing")
        }
    }

    /// The payload of the next record; nil at the end.
    /// - Throws: as ``withNext(_:)``.
    public func next() throws -> [UInt8]? { try withNext { Array($0) } }

    // MARK: Parts

    private func finish<Result>(_ body: () throws -> Result) throws -> Result {
        offset = position
        count += 1
        return try body()
    }

    private func joinParts(firstLength: Int) throws {
        joined.removeAll(keepingCapacity: true)
        joined.append(contentsOf: try take(firstLength))
        while true {
            guard let (part, length) = try nextHeader(isStart: false) else { throw fault("it ends between the parts of a record") }
            guard part == .middle || part == .last else { throw fault("a record begins before the last part of the one before it") }
            guard joined.count + 4 + length < RecordIO.payloadLimit else {
                throw fault("its parts together are longer than a record may be")
            }
            // The splitting writer drops the magic words themselves.
            withUnsafeBytes(of: RecordIO.magic.littleEndian) { joined.append(contentsOf: $0) }
            joined.append(contentsOf: try take(length))
            if part == .last { return }
        }
    }

    /// The next part's header; nil at the end of the stream, which must be between records.
    private func nextHeader(isStart: Bool) throws -> (part: RecordIO.Part, length: Int)? {
        try fill(RecordIO.headerSize)
        if filled.isEmpty, isStart { return nil }
        guard filled.count >= RecordIO.headerSize else { throw fault("it is cut off within a record's header") }
        guard let header = RecordIO.header(UnsafeRawBufferPointer(rebasing: buffer[filled])) else {
            throw fault("these bytes are not the beginning of a RecordIO record")
        }
        consume(RecordIO.headerSize)
        return header
    }

    /// Lends `length` bytes and steps over the zeros behind them.
    private func take(_ length: Int) throws -> UnsafeRawBufferPointer {
        let whole = RecordIO.padded(length)
        try fill(whole)
        guard filled.count >= whole else {
            let padding = whole > length ? " and \(whole - length) of padding" : ""
            throw fault("the record has \(length) bytes\(padding) by its header, but only \(filled.count) follow")
        }
        let start = filled.lowerBound
        consume(whole)
        return UnsafeRawBufferPointer(rebasing: buffer[start..<start + length])
    }

    /// The stream's error, kept: what follows damage must not look like a clean end.
    private func fault(_ problem: String) -> DatasetError {
        let error = DatasetError(
            .malformed, at: "\(place), byte \(position), record \(count)", problem,
            remedy: "the file is damaged or incomplete: copy or make it again")
        failure = error
        return error
    }

    // MARK: The buffer

    /// Bytes of the stream before the first that was not consumed.
    private var position = 0

    private func consume(_ length: Int) {
        position += length
        filled = filled.lowerBound + length..<filled.upperBound
    }

    /// Reads until `length` bytes are there or the stream ends.
    private func fill(_ length: Int) throws {
        while filled.count < length, !hasEnded {
            if filled.upperBound == buffer.count { makeRoom(for: length) }
            let free = UnsafeMutableRawBufferPointer(rebasing: buffer[filled.upperBound...])
            let got = try stream.read(into: free)
            hasEnded = got == 0
            filled = filled.lowerBound..<filled.upperBound + got
        }
    }

    /// Moves what is left to the front; where it fills the buffer, the buffer doubles.
    private func makeRoom(for length: Int) {
        let rest = UnsafeRawBufferPointer(rebasing: buffer[filled])
        if rest.count * 2 > buffer.count {
            let larger = UnsafeMutableRawBufferPointer.allocate(byteCount: buffer.count * 2, alignment: 16)
            larger.copyMemory(from: rest)
            buffer.deallocate()
            buffer = larger
        } else if let base = buffer.baseAddress, let source = rest.baseAddress {
            base.copyMemory(from: source, byteCount: rest.count)
        }
        filled = 0..<rest.count
    }
}
