import Glibc

/// A file of this machine that is read at any place, from several threads at once.
public final class LocalFile: Sendable {
    /// Its path.
    public let path: String
    /// Bytes when it was opened.
    public let size: Int
    private let descriptor: Int32

    /// Opens a file for reading.
    /// - Throws: ``StorageError``.
    public init(_ path: String) throws {
        descriptor = Glibc.open(path, O_RDONLY | O_CLOEXEC)
        self.path = path
        var status = stat()
        guard descriptor >= 0, fstat(descriptor, &status) == 0 else {
            // What was opened is closed by deinit.
            size = 0
            throw StorageError.system(errno, at: path, doing: "read")
        }
        size = Int(status.st_size)
        guard status.st_mode & S_IFMT != S_IFDIR else { throw StorageError.system(EISDIR, at: path, doing: "read") }
    }

    deinit { if descriptor >= 0 { close(descriptor) } }

    /// The bytes of a range, which must lie within the file.
    /// - Throws: ``StorageError``.
    public func bytes(in range: Range<Int>) throws -> [UInt8] {
        guard range.lowerBound >= 0, range.upperBound <= size else {
            throw StorageError(
                .damaged, at: path, "bytes \(range.lowerBound) to \(range.upperBound) were asked for, and it has \(size)",
                remedy: "make the file again")
        }
        var failure: StorageError?
        let bytes = [UInt8](unsafeUninitializedCapacity: range.count) { buffer, count in
            count = 0
            do {
                try read(at: range.lowerBound, into: UnsafeMutableRawBufferPointer(buffer))
                count = range.count
            } catch let error as StorageError { failure = error } catch {}
        }
        if let failure { throw failure }
        return bytes
    }

    /// Fills `buffer` with the bytes from `offset`.
    /// - Throws: ``StorageError`` where the file ends before.
    public func read(at offset: Int, into buffer: UnsafeMutableRawBufferPointer) throws {
        var done = 0
        while done < buffer.count {
            let got = pread(descriptor, buffer.baseAddress.map { $0 + done }, buffer.count - done, off_t(offset + done))
            if got < 0, errno == EINTR { continue }
            if got < 0 { throw StorageError.system(errno, at: path, doing: "read") }
            guard got > 0 else {
                throw StorageError(
                    .damaged, at: path, "it became shorter while it was read", remedy: "start again when nobody writes to it")
            }
            done += got
        }
    }
}

/// A file or FIFO in order.
public final class FileStream: ByteStream, @unchecked Sendable {
    // Unchecked: a stream belongs to one thread at a time.
    private let path: String
    private let descriptor: Int32

    /// Opens a file, or a FIFO, waiting for its writer.
    /// - Throws: ``StorageError``.
    public init(_ path: String) throws {
        self.path = path
        descriptor = Glibc.open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw StorageError.system(errno, at: path, doing: "read") }
        _ = posix_fadvise(descriptor, 0, 0, POSIX_FADV_SEQUENTIAL)
    }

    /// A stream over a descriptor that is open already and becomes the stream's own.
    public init(descriptor: Int32, path: String) {
        self.path = path
        self.descriptor = descriptor
    }

    deinit { if descriptor >= 0 { close(descriptor) } }

    /// Fills the beginning of `buffer`; 0 at the end.
    public func read(into buffer: UnsafeMutableRawBufferPointer) throws -> Int {
        while true {
            let got = Glibc.read(descriptor, buffer.baseAddress, buffer.count)
            if got >= 0 { return got }
            if errno != EINTR { throw StorageError.system(errno, at: path, doing: "read") }
        }
    }
}
