import Storage

/// The files of one channel — a local folder or a prefix of a bucket — listed once, read one by one when they are needed.
///
/// Readers of file formats see a channel only through this, so that each of them reads local folders and S3 alike.
public struct ChannelFiles: Sendable {
    /// Where the files are.
    public let store: any ObjectStore
    /// Relative paths of all files, hidden ones left out, in the order of their UTF-8 bytes.
    public let paths: [String]

    /// Lists a store. `ignored`: names at its top that are passed over with all that lies below them.
    /// - Throws: `StorageError` where it can't be listed; ``DatasetError`` where it holds nothing.
    public init(_ store: any ObjectStore, ignoring ignored: [String] = []) throws {
        self.store = store
        let names = try store.list().map(\.name)
        paths = ignored.isEmpty ? names : names.filter { !ignored.contains(String($0.prefix { $0 != "/" })) }
        guard !paths.isEmpty else {
            throw DatasetError(.unreadable, at: store.place, "it holds no files", remedy: "check the path")
        }
    }

    /// What messages call the channel.
    public var place: String { store.place }

    /// The full name of a file for people and messages.
    public func location(of path: String) -> String { store.location(of: path) }

    /// The whole content of a file.
    /// - Throws: `StorageError`.
    public func bytes(of path: String) throws -> [UInt8] { try store.bytes(of: path) }

    /// A picture, not read yet.
    public func payload(of path: String) -> ImagePayload {
        .file(path, in: store)
    }

    /// Whether there is such a file.
    public func contains(_ path: String) -> Bool {
        var low = 0
        var high = paths.count
        while low < high {
            let middle = (low + high) / 2
            if paths[middle].utf8.lexicographicallyPrecedes(path.utf8) { low = middle + 1 } else { high = middle }
        }
        return low < paths.count && paths[low] == path
    }

    /// The files whose names say that they are JPEG or PNG pictures.
    public var images: [String] { paths.filter(ClassFolders.isImage) }
}
