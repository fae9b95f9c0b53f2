import Storage
import Synchronization

/// Opens the store of an `s3://` location and says what the object is called in it. Manifests call it once for each bucket, with an empty
/// key, and put keys behind the name that it gives.
public typealias LocationOpener = @Sendable (Location) throws -> (store: any ObjectStore, name: String)

/// Turns a manifest's references into pictures to be read: `s3://` and `file://` locations, absolute paths, and paths relative to the
/// manifest's folder. Keys are taken as they stand, blanks and percent signs included.
final class ManifestReferences: Sendable {
    private let home: any ObjectStore
    /// The manifest's folder in `home`, with `/` at its end, or empty.
    private let folder: String
    private let root: String
    /// Where pictures lie that were written with the manifest; no part of their names, or each conversion would make them longer.
    private let pictures: String
    private let open: LocationOpener
    private let buckets = Mutex<[String: (store: any ObjectStore, name: String)]>([:])

    init(manifest name: String, in store: any ObjectStore, open: @escaping LocationOpener) {
        home = store
        folder = name.lastIndex(of: "/").map { String(name[...$0]) } ?? ""
        root = store.location(of: folder)
        pictures = ImageFileName.stem(of: String(name.dropFirst(folder.count))) + "/"
        self.open = open
    }

    /// What a reference leads to, and what the picture is called: its path relative to the manifest, or to the folder of the manifest's
    /// name, or its key.
    func resolve(_ reference: String, at place: @autoclosure () -> String) throws -> (name: String, payload: ImagePayload) {
        guard !reference.isEmpty, !reference.utf8.contains(0) else {
            throw DatasetError(
                .malformed, at: place(), "the reference is empty or holds a zero byte", remedy: "write s3://bucket/key, or a path")
        }
        let location: Location
        do {
            location = reference.utf8.contains(UInt8(ascii: ":")) ? try Location(reference) : .file(reference)
        } catch let error as StorageError {
            throw DatasetError(.malformed, at: place(), "'\(reference.prefix(200))': \(error.problem)", remedy: error.remedy)
        }
        switch location {
        case .file(let path) where path.hasPrefix("/"):
            let isBelow = root.hasPrefix("/") && path.hasPrefix(root)
            return (String((isBelow ? path.dropFirst(root.count) : path[...]).drop { $0 == "/" }), .file(path))
        case .file(let path):
            let name = path.hasPrefix(pictures) ? String(path.dropFirst(pictures.count)) : path
            return (name, .file(folder + path, in: home))
        case .s3(let bucket, let key):
            guard !key.isEmpty, !key.hasSuffix("/") else {
                throw DatasetError(.malformed, at: place(), "'\(reference.prefix(200))' names no object", remedy: "write s3://bucket/key")
            }
            let (store, prefix) = try opened(bucket)
            return (key, .file(prefix + key, in: store))
        }
    }

    private func opened(_ bucket: String) throws -> (store: any ObjectStore, name: String) {
        try buckets.withLock { known in
            if let found = known[bucket] { return found }
            let found = try open(.s3(bucket: bucket, key: ""))
            known[bucket] = found
            return found
        }
    }
}

extension AugmentedManifest {
    /// For manifests whose references are paths of this machine: refuses `s3://`.
    public static let localFilesOnly: LocationOpener = { location in
        if case .file(let path) = location { return (LocalStore(FileSystem.folder(of: path)), FileSystem.name(of: path)) }
        throw DatasetError(
            .unreadable, at: location.description, "a reference to S3 was not expected here", remedy: "copy the pictures, or allow S3 here")
    }
}
