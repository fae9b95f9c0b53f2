import Glibc

/// Work that one process of this machine does at a time, told by a file that all of them know.
public enum FileLock {
    /// Why the work was not begun.
    public enum Failure: Error, Equatable {
        /// The file can't be made, or its file system knows no locks; what `errno` was.
        case unavailable(Int32)
        /// `isCancelled` has said so.
        case cancelled
    }

    /// Calls `body` while no other process holds the lock.
    ///
    /// - Parameters:
    ///   - path: the lock's file, which is made and stays: removing it would let two processes lock two files of one name.
    ///   - isCancelled: asked ten times a second while waiting.
    ///   - body: what one process does at a time.
    /// - Throws: ``Failure``, and what `body` throws.
    @discardableResult public static func holding<Result>(_ path: String, isCancelled: () -> Bool, _ body: () throws -> Result) throws
        -> Result
    {
        let descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o666)
        guard descriptor >= 0 else { throw Failure.unavailable(errno) }
        defer { close(descriptor) }
        while flock(descriptor, LOCK_EX | LOCK_NB) != 0 {
            let reason = errno
            guard reason == EWOULDBLOCK || reason == EINTR else { throw Failure.unavailable(reason) }
            if isCancelled() { throw Failure.cancelled }
            usleep(100_000)
        }
        return try body()
    }
}
