import Glibc

/// A file mapped into memory for reading. Pages are read when they are touched, and the mapping lives as long as the
/// last reference to it, so arrays that point into it keep it alive.
///
/// The file must not be shortened by another process while it is mapped: replace files by renaming, as this package's
/// writers do.
public final class MappedFile: Sendable {
    /// The path as it was given.
    public let path: String
    /// The file's size in bytes.
    public let count: Int
    private nonisolated(unsafe) let base: UnsafeMutableRawPointer?

    /// Maps the file at `path`.
    ///
    /// - Throws: ``WeightsError`` when the file cannot be opened, is no regular file, or cannot be mapped.
    public init(path: String) throws {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else {
            throw WeightsError(.system, "\(path) cannot be opened: \(systemMessage()). Check the path and its permissions.")
        }
        defer { close(descriptor) }
        var status = stat()
        guard fstat(descriptor, &status) == 0 else {
            throw WeightsError(.system, "\(path) cannot be examined: \(systemMessage()).")
        }
        guard status.st_mode & S_IFMT == S_IFREG else {
            let what = status.st_mode & S_IFMT == S_IFDIR ? "is a folder" : "is not a regular file"
            throw WeightsError(.system, "\(path) \(what). Give the path of one weight file.")
        }
        self.path = path
        count = Int(status.st_size)
        if count == 0 {
            base = nil
            return
        }
        guard let address = mmap(nil, count, PROT_READ, MAP_PRIVATE, descriptor, 0), address != MAP_FAILED else {
            throw WeightsError(.system, "\(path) (\(count) bytes) cannot be mapped into memory: \(systemMessage()).")
        }
        base = address
    }

    deinit {
        if let base { munmap(base, count) }
    }

    /// Calls `body` with the whole file's bytes, which are valid during the call.
    public func withUnsafeBytes<Result>(_ body: (UnsafeRawBufferPointer) throws -> Result) rethrows -> Result {
        try withExtendedLifetime(self) { try body(UnsafeRawBufferPointer(start: base, count: count)) }
    }
}

/// What the operating system says about the call that failed last.
func systemMessage(_ code: Int32 = errno) -> String {
    String(cString: strerror(code))
}
