import Foundation
import Machine

/// A file that gets its name when it is complete: written beside it under a temporary one, then renamed.
public final class FileSink: ByteSink, @unchecked Sendable {
    // Unchecked: a sink belongs to one thread at a time.
    private let path: String
    private let temporary: String
    private var descriptor: Int32
    private var isCommitted = false

    /// Opens the temporary file; missing folders are made.
    /// - Throws: ``StorageError``.
    public init(_ path: String) throws {
        self.path = path
        let slash = path.lastIndex(of: "/").map { path.index(after: $0) } ?? path.startIndex
        let folder = path[..<slash]
        temporary = "\(folder).\(path[slash...]).\(getpid())-\(UInt32.random(in: 0...UInt32.max)).part"
        let flags = O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC
        descriptor = Glibc.open(temporary, flags, 0o644)
        if descriptor < 0, errno == ENOENT {
            do {
                try FileManager.default.createDirectory(atPath: String(folder), withIntermediateDirectories: true)
            } catch {
                throw StorageError(
                    .system, at: String(folder), "the folder cannot be made (\(error.systemReason))",
                    remedy: "check the path and its rights")
            }
            descriptor = Glibc.open(temporary, flags, 0o644)
        }
        guard descriptor >= 0 else { throw StorageError.system(errno, at: path, doing: "written") }
    }

    deinit {
        guard descriptor >= 0 else { return }
        close(descriptor)
        if !isCommitted { unlink(temporary) }
    }

    /// Appends `bytes`.
    public func write(_ bytes: UnsafeRawBufferPointer) throws {
        var done = 0
        while done < bytes.count {
            let count = Glibc.write(descriptor, bytes.baseAddress.map { $0 + done }, bytes.count - done)
            if count < 0, errno == EINTR { continue }
            if count < 0 { throw StorageError.system(errno, at: path, doing: "written") }
            done += count
        }
    }

    /// Whether a file is a sink's temporary one whose process is alive.
    public static func isBeingWritten(_ path: String) -> Bool {
        let name = path.split(separator: "/").last ?? ""
        guard name.hasPrefix("."), name.hasSuffix(".part"),
            let writer = name.split(separator: ".").dropLast().last?.split(separator: "-").first.flatMap({ pid_t($0) }), writer > 0
        else { return false }
        return kill(writer, 0) == 0 || errno == EPERM
    }

    /// Gives the file its name, with its content on the disk.
    public func commit() throws {
        guard fsync(descriptor) == 0 || errno == EINVAL, rename(temporary, path) == 0 else {
            throw StorageError.system(errno, at: path, doing: "written")
        }
        isCommitted = true
    }
}
