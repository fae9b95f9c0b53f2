import Glibc
import Machine

/// A file that is still being fetched, `NAME.part`, with the entity tag of the answer that it came from in `NAME.part.etag`.
final class PartialFile {
    let path: String
    private(set) var size = 0
    private let descriptor: Int32
    private var tagPath: String { path + ".etag" }

    /// Opens what is there, or begins a new file.
    init(path: String) throws {
        self.path = path
        descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o666)
        guard descriptor >= 0 else {
            throw WeightsError(
                .system, "\(path) cannot be written: \(systemMessage()). Choose a cache folder that may be written with SIGHTLINE_CACHE.")
        }
        size = Int(lseek(descriptor, 0, SEEK_END))
    }

    deinit { close(descriptor) }

    /// The server's name for this version of the file, kept for the next attempt, which may be another process.
    var entityTag: String? {
        get {
            guard let file = try? MappedFile(path: tagPath), file.count < 1024 else { return nil }
            let tag = file.withUnsafeBytes { String(decoding: $0, as: UTF8.self) }
            // The tag becomes a header line: nothing but one quoted string may pass.
            return tag.count >= 2 && tag.hasPrefix("\"") && tag.hasSuffix("\"") && !tag.contains(where: \.isNewline) ? tag : nil
        }
        set {
            unlink(tagPath)
            // A lost tag costs only the check before the checksum's.
            if let newValue { try? writeAtomically(newValue, to: tagPath) }
        }
    }

    /// Appends bytes that arrived.
    func append(_ bytes: UnsafeRawBufferPointer) throws {
        try writeAll(bytes, to: descriptor, path: path)
        size += bytes.count
    }

    /// Drops what is there.
    func restart() throws {
        guard ftruncate(descriptor, 0) == 0, lseek(descriptor, 0, SEEK_SET) == 0 else {
            throw WeightsError(.system, "\(path) cannot be emptied: \(systemMessage()).")
        }
        size = 0
        unlink(tagPath)
    }

    /// Removes the file and its tag.
    func remove() {
        unlink(path)
        unlink(tagPath)
    }

    /// Flushes the file to the disk and gives it its final name.
    func rename(to final: String) throws {
        guard fsync(descriptor) == 0, Glibc.rename(path, final) == 0 else {
            throw WeightsError(.system, "\(final) cannot be written: \(systemMessage()).")
        }
        unlink(tagPath)
    }
}

/// Calls `body` while no other process holds the lock of that name.
///
/// - Parameters:
///   - path: the lock's file, which is made and stays: removing it would let two processes lock two files of one name.
///   - isCancelled: asked ten times a second while waiting.
/// - Throws: ``WeightsError`` when the file cannot be made, or of kind `cancelled`; and what `body` throws.
func withFileLock(_ path: String, isCancelled: () -> Bool, _ body: () throws -> Void) throws {
    do {
        try FileLock.holding(path, isCancelled: isCancelled, body)
    } catch FileLock.Failure.cancelled {
        throw WeightsError(.cancelled, "Stopped while another process downloads the file.")
    } catch FileLock.Failure.unavailable(let code) {
        throw WeightsError(
            .system, "\(path) cannot be locked: \(systemMessage(code)). Choose a cache folder that may be written with SIGHTLINE_CACHE.")
    }
}
