/// Bytes in memory, read in order.
public final class MemoryStream: ByteStream, @unchecked Sendable {
    // Unchecked: a stream belongs to one thread at a time.
    private let bytes: [UInt8]
    private var position = 0

    /// Reads `bytes` from the first.
    public init(_ bytes: [UInt8]) { self.bytes = bytes }

    /// Fills the beginning of `buffer`; 0 at the end.
    public func read(into buffer: UnsafeMutableRawBufferPointer) -> Int {
        let count = min(buffer.count, bytes.count - position)
        bytes.withUnsafeBytes { buffer.copyMemory(from: UnsafeRawBufferPointer(rebasing: $0[position..<position + count])) }
        position += count
        return count
    }
}

/// Several streams, one behind the other, each opened when the one before it ends.
public final class ChainedStream: ByteStream, @unchecked Sendable {
    // Unchecked: a stream belongs to one thread at a time.
    private var openers: [() throws -> any ByteStream]
    private var current: (any ByteStream)?

    /// Streams in order.
    public init(_ openers: [() throws -> any ByteStream]) { self.openers = openers.reversed() }

    /// Fills the beginning of `buffer`; 0 at the end of the last stream.
    public func read(into buffer: UnsafeMutableRawBufferPointer) throws -> Int {
        while true {
            if let count = try current?.read(into: buffer), count > 0 { return count }
            guard let next = openers.popLast() else { return 0 }
            current = try next()
        }
    }
}

/// Bytes that are kept in memory.
public final class MemorySink: ByteSink, @unchecked Sendable {
    // Unchecked: a sink belongs to one thread at a time.
    /// What was written.
    public private(set) var bytes: [UInt8] = []

    /// An empty one.
    public init() {}

    /// Appends `bytes`.
    public func write(_ bytes: UnsafeRawBufferPointer) { self.bytes.append(contentsOf: bytes) }

    /// Does nothing more: all is there already.
    public func commit() {}
}
