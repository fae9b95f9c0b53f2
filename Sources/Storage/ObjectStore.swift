/// A place that keeps bytes under names: a local folder or a prefix of an S3 bucket. Names are relative to it, with `/` between folders.
///
/// Everything blocks the calling thread and may be called from several at once.
public protocol ObjectStore: Sendable {
    /// What messages call the place: `photos/train` or `s3://bucket/train`.
    var place: String { get }

    /// Every object whose name begins with `prefix`, in the order of names' UTF-8 bytes, a page at a time, so that a bucket of millions
    /// needs no more memory than a page. Hidden files (a part of the name begins with `.`) are left out.
    ///
    /// `receive` answers false to stop.
    /// - Throws: ``StorageError``; what `receive` throws.
    func list(prefix: String, _ receive: ([StoredObject]) throws -> Bool) throws

    /// What is known of one object without reading it; nil where there is none.
    /// - Throws: ``StorageError``.
    func information(about name: String) throws -> StoredObject?

    /// The whole content of an object.
    /// - Throws: ``StorageError``.
    func bytes(of name: String) throws -> [UInt8]

    /// A part of an object. `range` must lie within it.
    /// - Throws: ``StorageError``.
    func bytes(of name: String, range: Range<Int>) throws -> [UInt8]

    /// An object's content in order, read ahead.
    /// - Throws: ``StorageError``.
    func open(_ name: String) throws -> any ByteStream

    /// A new object, or a new content for an old one.
    /// - Throws: ``StorageError``.
    func create(_ name: String) throws -> any ByteSink

    /// Removes an object; one that is not there is no error.
    /// - Throws: ``StorageError``.
    func remove(_ name: String) throws

    /// The full name of an object for people and messages: `photos/train/1.jpg` or `s3://bucket/train/1.jpg`.
    func location(of name: String) -> String
}

/// An object in a store.
public struct StoredObject: Sendable, Equatable {
    /// Relative to the store.
    public let name: String
    /// Bytes.
    public let size: Int
    /// Changes when the content does: S3's entity tag, or size and time of a file.
    public let tag: String

    /// Describes an object.
    public init(name: String, size: Int, tag: String) {
        self.name = name
        self.size = size
        self.tag = tag
    }
}

extension ObjectStore {
    /// Every object whose name begins with `prefix`, in one list.
    /// - Throws: ``StorageError``.
    public func list(prefix: String = "") throws -> [StoredObject] {
        var all: [StoredObject] = []
        try list(prefix: prefix) { page in
            all += page
            return true
        }
        return all
    }

    /// Writes a whole object that fits into memory; what had the name before is replaced at once or not at all.
    /// - Throws: ``StorageError``.
    public func write(_ bytes: [UInt8], to name: String) throws {
        let sink = try create(name)
        try sink.write(bytes)
        try sink.commit()
    }
}
