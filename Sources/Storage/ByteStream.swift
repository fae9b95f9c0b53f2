/// Bytes that come in order and once: a file, a FIFO, an object in a bucket. Used by one thread at a time.
public protocol ByteStream: AnyObject, Sendable {
    /// Fills the beginning of `buffer` with what is at hand, waiting for at least one byte.
    ///
    /// - Returns: the number of bytes written; 0 at the end, and from then on.
    /// - Throws: ``StorageError``.
    func read(into buffer: UnsafeMutableRawBufferPointer) throws -> Int
}

/// Where bytes go in order. Nothing is visible under the final name before ``commit()``; letting go of a sink that was not committed
/// leaves what was there before. Used by one thread at a time.
public protocol ByteSink: AnyObject, Sendable {
    /// Takes all of `bytes`.
    /// - Throws: ``StorageError``.
    func write(_ bytes: UnsafeRawBufferPointer) throws

    /// Makes everything that was written visible under its name, all or nothing. To be called once, last.
    /// - Throws: ``StorageError``.
    func commit() throws
}

extension ByteStream {
    /// Everything that is left, for content that is known to be small.
    ///
    /// `limit`: more bytes than this are refused, so that a wrong name can't fill the memory. `place`: what the error calls it.
    /// - Throws: ``StorageError``.
    public func remainder(limit: Int, place: String) throws -> [UInt8] {
        var all: [UInt8] = []
        var piece = [UInt8](repeating: 0, count: 1 << 16)
        while true {
            let count = try piece.withUnsafeMutableBytes { try read(into: $0) }
            if count == 0 { return all }
            guard all.count + count <= limit else {
                throw StorageError(.damaged, at: place, "it is larger than \(limit) bytes", remedy: "check that this is the file you mean")
            }
            all.append(contentsOf: piece[..<count])
        }
    }
}

extension ByteSink {
    /// Takes all of an array.
    /// - Throws: ``StorageError``.
    public func write(_ bytes: [UInt8]) throws { try bytes.withUnsafeBytes { try write($0) } }
}
