import Datasets
import Storage
import Synchronization

/// A store that is no folder: what proves that a reader or writer needs nothing but ``ObjectStore``. Counts what is read and written.
final class BucketInMemory: ObjectStore {
    private struct Content {
        var objects: [String: [UInt8]] = [:]
        var reads: [String] = []
        var writes: [String] = []
    }

    private let content: Mutex<Content>
    let place: String

    init(_ objects: [String: [UInt8]] = [:], place: String = "s3://bucket/data") {
        content = Mutex(Content(objects: objects))
        self.place = place
    }

    var objects: [String: [UInt8]] { content.withLock { $0.objects } }
    var reads: [String] { content.withLock { $0.reads } }
    var writes: [String] { content.withLock { $0.writes } }

    /// Pages of three, so that readers meet page borders.
    func list(prefix: String, _ receive: ([StoredObject]) throws -> Bool) throws {
        let names = objects.keys.filter { $0.hasPrefix(prefix) }.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
        for start in stride(from: 0, to: names.count, by: 3) {
            let page = names[start..<min(start + 3, names.count)].map { StoredObject(name: $0, size: objects[$0]?.count ?? 0, tag: "") }
            guard try receive(page) else { return }
        }
    }

    func information(about name: String) throws -> StoredObject? {
        objects[name].map { StoredObject(name: name, size: $0.count, tag: "") }
    }

    func bytes(of name: String) throws -> [UInt8] {
        try content.withLock {
            $0.reads.append(name)
            guard let bytes = $0.objects[name] else { throw StorageError(.missing, at: location(of: name), "there is none", remedy: "") }
            return bytes
        }
    }

    func bytes(of name: String, range: Range<Int>) throws -> [UInt8] { Array(try bytes(of: name)[range]) }
    func open(_ name: String) throws -> any ByteStream { Reading(try bytes(of: name)) }
    func create(_ name: String) throws -> any ByteSink { Writing { self.put($0, as: name) } }
    func remove(_ name: String) throws { content.withLock { $0.objects[name] = nil } }
    func location(of name: String) -> String { place + "/" + name }

    func put(_ bytes: [UInt8], as name: String) {
        content.withLock {
            $0.objects[name] = bytes
            $0.writes.append(name)
        }
    }

    private final class Reading: ByteStream, @unchecked Sendable {
        private var rest: ArraySlice<UInt8>
        init(_ bytes: [UInt8]) { rest = bytes[...] }
        func read(into buffer: UnsafeMutableRawBufferPointer) throws -> Int {
            let piece = rest.prefix(buffer.count)
            buffer.copyBytes(from: piece)
            rest = rest.dropFirst(piece.count)
            return piece.count
        }
    }

    private final class Writing: ByteSink, @unchecked Sendable {
        private var bytes: [UInt8] = []
        private let put: ([UInt8]) -> Void
        init(_ put: @escaping ([UInt8]) -> Void) { self.put = put }
        func write(_ more: UnsafeRawBufferPointer) throws { bytes.append(contentsOf: more) }
        func commit() throws { put(bytes) }
    }
}

/// The first bytes of a JPEG and a text that tells one from another: enough for what copies pictures.
func picture(_ text: String) -> [UInt8] { [0xFF, 0xD8, 0xFF, 0xE0] + Array(text.utf8) }

/// Name, annotation and bytes of every record.
func contents(_ images: some AnnotatedImages) throws -> [String] {
    try (0..<images.count).map { index in
        let record = try images.record(at: index)
        let bytes = String(decoding: try record.payload.encodedBytes().dropFirst(4), as: UTF8.self)
        return "\(record.name) \(record.annotation) \(bytes)"
    }
}
