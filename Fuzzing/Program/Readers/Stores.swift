import Foundation
import Storage

/// Objects in memory, as a bucket has them.
struct MemoryStore: ObjectStore {
    let objects: [String: [UInt8]]
    let place = "s3://bucket"

    func list(prefix: String, _ receive: ([StoredObject]) throws -> Bool) throws {
        let names = objects.keys.filter { $0.hasPrefix(prefix) }.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
        for name in names {
            guard try receive([StoredObject(name: name, size: objects[name]?.count ?? 0, tag: "")]) else { return }
        }
    }

    func information(about name: String) throws -> StoredObject? {
        objects[name].map { StoredObject(name: name, size: $0.count, tag: "") }
    }

    func bytes(of name: String) throws -> [UInt8] {
        guard let bytes = objects[name] else {
            throw StorageError(.missing, at: location(of: name), "there is no such object", remedy: "check the key")
        }
        return bytes
    }

    func bytes(of name: String, range: Range<Int>) throws -> [UInt8] {
        let bytes = try bytes(of: name)
        // A server refuses such a range, and a reader must not ask for it: this traps.
        return Array(bytes[range])
    }

    func open(_ name: String) throws -> any ByteStream { MemoryStream(try bytes(of: name)) }
    func create(_ name: String) throws -> any ByteSink { throw readOnly(name) }
    func remove(_ name: String) throws { throw readOnly(name) }
    func location(of name: String) -> String { "\(place)/\(name)" }

    private func readOnly(_ name: String) -> StorageError {
        StorageError(.denied, at: location(of: name), "it is only read", remedy: "")
    }
}

/// A folder of this machine for the readers that want one, in memory where there is such a place; gone with the process's end.
enum Scratch {
    static let folder: String = {
        let parent = FileManager.default.fileExists(atPath: "/dev/shm") ? "/dev/shm" : NSTemporaryDirectory()
        let path = "\(parent)/sightline-fuzz-\(getpid())"
        try? FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
        atexit { try? FileManager.default.removeItem(atPath: Scratch.folder) }
        return path
    }()

    /// Writes a file there. The content of a file of the same name is gone.
    static func write(_ bytes: [UInt8], as name: String) throws -> String {
        let path = "\(folder)/\(name)"
        guard let file = fopen(path, "wb") else { throw FuzzFinding("\(path) cannot be written") }
        defer { fclose(file) }
        guard bytes.isEmpty || fwrite(bytes, 1, bytes.count, file) == bytes.count else { throw FuzzFinding("no room for \(path)") }
        return path
    }

    static func remove(_ name: String) { unlink("\(folder)/\(name)") }
}
