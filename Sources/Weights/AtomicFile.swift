import Glibc

/// A file that appears under its name only when it is complete: written under a temporary name in the same folder,
/// flushed to the disk and renamed. A reader never sees half of it, and a crash leaves what was there before.
struct AtomicFile: ~Copyable {
    private let path: String
    private let temporary: String
    private let descriptor: Int32
    private var committed = false

    /// Starts a file that is to be called `path`.
    init(path: String) throws {
        self.path = path
        let folder = path.split(separator: "/", omittingEmptySubsequences: false).dropLast().joined(separator: "/")
        let name = path.split(separator: "/").last.map(String.init) ?? path
        let prefix = folder.isEmpty ? (path.hasPrefix("/") ? "/" : "") : folder + "/"
        temporary = "\(prefix).\(name).\(getpid()).\(UInt32.random(in: .min ... .max)).tmp"
        descriptor = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o666)
        guard descriptor >= 0 else {
            let reason = systemMessage()
            throw WeightsError(.system, "\(path) cannot be written: \(reason). Check that its folder exists and may be written.")
        }
    }

    deinit {
        close(descriptor)
        if !committed { unlink(temporary) }
    }

    /// Appends bytes.
    func write(_ bytes: UnsafeRawBufferPointer) throws {
        try writeAll(bytes, to: descriptor, path: path)
    }

    /// Flushes the file and gives it its name.
    mutating func commit() throws {
        guard fsync(descriptor) == 0, rename(temporary, path) == 0 else {
            throw WeightsError(.system, "\(path) cannot be written: \(systemMessage()).")
        }
        committed = true
        // The new name is itself data of the folder; without this a power cut may lose it. Not every file system allows it.
        let folder = path.contains("/") ? String(path[..<(path.lastIndex(of: "/") ?? path.startIndex)]) : "."
        let folderDescriptor = open(folder.isEmpty ? "/" : folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        if folderDescriptor >= 0 {
            fsync(folderDescriptor)
            close(folderDescriptor)
        }
    }
}

/// Writes all of `bytes`, however many calls that takes.
func writeAll(_ bytes: UnsafeRawBufferPointer, to descriptor: Int32, path: String) throws {
    var rest = bytes
    while !rest.isEmpty {
        let written = write(descriptor, rest.baseAddress, rest.count)
        if written < 0 {
            if errno == EINTR { continue }
            throw WeightsError(.system, "\(path) cannot be written: \(systemMessage()). Check the free space of its disk.")
        }
        rest = UnsafeRawBufferPointer(rebasing: rest[written...])
    }
}
