import Foundation
import Machine
import Storage

/// Bytes that wait on the disk until it is their turn in a file. They are gone with their owner.
final class Spool {
    private let file: FileHandle
    private var pending: [UInt8] = []

    /// An empty spool in the folder for temporary files.
    /// - Throws: ``DatasetError`` where that can't be written.
    init() throws {
        let path = FileManager.default.temporaryDirectory.appendingPathComponent("sightline-spool-\(UUID().uuidString)").path
        guard FileManager.default.createFile(atPath: path, contents: nil), let file = FileHandle(forUpdatingAtPath: path) else {
            throw DatasetError(.unreadable, at: path, "it cannot be written", remedy: "set TMPDIR to a folder with free space")
        }
        unlink(path)
        self.file = file
    }

    /// Appends bytes.
    func write(_ bytes: [UInt8]) throws {
        pending += bytes
        if pending.count >= 1 << 18 { try flush() }
    }

    /// Writes everything that came so far into a sink.
    func copy(to sink: any ByteSink) throws {
        try flush()
        try file.seek(toOffset: 0)
        while let piece = try file.read(upToCount: 1 << 20), !piece.isEmpty { try sink.write(Array(piece)) }
    }

    private func flush() throws {
        do {
            try file.write(contentsOf: Data(pending))
        } catch {
            throw DatasetError(
                .unreadable, at: FileManager.default.temporaryDirectory.path, "it cannot be written (\(error.systemReason))",
                remedy: "set TMPDIR to a folder with free space")
        }
        pending.removeAll(keepingCapacity: true)
    }
}
