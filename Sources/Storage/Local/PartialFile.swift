import Foundation
import Machine

/// A file that gets its name when it is complete, and whose beginning outlives an interruption: it grows beside it as `.<name>.partial`,
/// and whoever opens it again goes on where it ended.
public final class PartialFile: ByteSink, @unchecked Sendable {
    // Unchecked: a sink belongs to one thread at a time.
    private let path: String
    private let partial: String
    private let descriptor: Int32

    /// The name under which `path` grows.
    public static func partialPath(of path: String) -> String {
        let slash = path.lastIndex(of: "/").map { path.index(after: $0) } ?? path.startIndex
        return "\(path[..<slash]).\(path[slash...]).partial"
    }

    /// Opens the partial file for appending and cuts it to `size` bytes; missing folders are made.
    /// - Throws: ``StorageError``, also where somebody else is writing it.
    public init(_ path: String, keeping size: Int) throws {
        self.path = path
        partial = Self.partialPath(of: path)
        let folder = (partial as NSString).deletingLastPathComponent
        if !folder.isEmpty {
            do {
                try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
            } catch {
                throw StorageError(.system, at: folder, "cannot be made (\(error.systemReason))", remedy: "check the path")
            }
        }
        descriptor = open(partial, O_WRONLY | O_CREAT | O_CLOEXEC, 0o644)
        if descriptor >= 0, flock(descriptor, LOCK_EX | LOCK_NB) != 0, errno == EWOULDBLOCK {
            throw StorageError(.system, at: partial, "another process is writing it", remedy: "let it end, or stop it")
        }
        guard descriptor >= 0, ftruncate(descriptor, off_t(size)) == 0, lseek(descriptor, off_t(size), SEEK_SET) >= 0 else {
            // What was opened is closed by deinit.
            throw StorageError.system(errno, at: partial, doing: "written")
        }
    }

    deinit { if descriptor >= 0 { close(descriptor) } }

    /// Appends `bytes`.
    public func write(_ bytes: UnsafeRawBufferPointer) throws {
        var done = 0
        while done < bytes.count {
            let count = Glibc.write(descriptor, bytes.baseAddress.map { $0 + done }, bytes.count - done)
            if count < 0, errno == EINTR { continue }
            if count < 0 { throw StorageError.system(errno, at: partial, doing: "written") }
            done += count
        }
    }

    /// Gives the file its name, with its content on the disk.
    public func commit() throws {
        guard fsync(descriptor) == 0 || errno == EINVAL, rename(partial, path) == 0 else {
            throw StorageError.system(errno, at: path, doing: "written")
        }
    }
}
