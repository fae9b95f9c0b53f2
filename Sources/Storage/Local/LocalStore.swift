import Glibc

/// A folder of this machine as a store.
public struct LocalStore: ObjectStore {
    /// The folder.
    public let place: String

    /// The store of a folder, which need not exist before something is written.
    public init(_ folder: String) { place = folder.isEmpty ? "." : folder }

    /// The path of an object.
    public func location(of name: String) -> String { place.hasSuffix("/") ? place + name : place + "/" + name }

    /// Every file below the folder whose relative path begins with `prefix`; a linked folder is followed, 32 levels deep at most.
    public func list(prefix: String, _ receive: ([StoredObject]) throws -> Bool) throws {
        let folder = prefix.lastIndex(of: "/").map { String(prefix[..<$0]) } ?? ""
        var walk = FolderWalk(root: place, prefix: prefix)
        guard let kind = try PathStatus(folder.isEmpty ? place : location(of: folder)) else {
            // A prefix that nothing begins with is an empty list; a store that does not exist is an error.
            if folder.isEmpty { throw StorageError.system(ENOENT, at: place, doing: "listed") }
            return
        }
        guard kind.isFolder else { throw StorageError.system(ENOTDIR, at: place, doing: "listed") }
        try walk.visit(folder, depth: 0, receive)
        try walk.flush(receive)
    }

    /// Size and time of a file.
    public func information(about name: String) throws -> StoredObject? {
        guard let status = try PathStatus(location(of: name)), !status.isFolder else { return nil }
        return StoredObject(name: name, size: status.size, tag: status.tag)
    }

    /// The whole content of a file.
    public func bytes(of name: String) throws -> [UInt8] {
        let file = try LocalFile(location(of: name))
        return try file.bytes(in: 0..<file.size)
    }

    /// A part of a file.
    public func bytes(of name: String, range: Range<Int>) throws -> [UInt8] { try LocalFile(location(of: name)).bytes(in: range) }

    /// A file or FIFO from its beginning.
    public func open(_ name: String) throws -> any ByteStream { try FileStream(location(of: name)) }

    /// A file that gets its name when it is complete. Missing folders are made.
    public func create(_ name: String) throws -> any ByteSink { try FileSink(location(of: name)) }

    /// Removes a file.
    public func remove(_ name: String) throws {
        if unlink(location(of: name)) != 0, errno != ENOENT { throw StorageError.system(errno, at: location(of: name), doing: "removed") }
    }
}

/// Kind, size and time of what lies at a path, links followed.
struct PathStatus {
    let isFolder: Bool
    let size: Int
    let tag: String

    /// nil where nothing lies there.
    init?(_ path: String) throws {
        var status = stat()
        guard stat(path, &status) == 0 else {
            if errno == ENOENT || errno == ENOTDIR { return nil }
            throw StorageError.system(errno, at: path, doing: "read")
        }
        isFolder = status.st_mode & S_IFMT == S_IFDIR
        size = Int(status.st_size)
        tag = "\(status.st_size)-\(status.st_mtim.tv_sec).\(status.st_mtim.tv_nsec)"
    }
}

/// The files below a folder in the order of their paths' bytes, which is S3's: `a.jpg` comes before `a/1.jpg`.
private struct FolderWalk {
    let root: String
    let prefix: String
    var page: [StoredObject] = []
    private var isStopped = false

    init(root: String, prefix: String) {
        self.root = root
        self.prefix = prefix
    }

    mutating func visit(_ folder: String, depth: Int, _ receive: ([StoredObject]) throws -> Bool) throws {
        let path = folder.isEmpty ? root : root + "/" + folder
        guard let stream = opendir(path) else { throw StorageError.system(errno, at: path, doing: "listed") }
        var names: [String] = []
        while let entry = readdir(stream) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) { pointer in
                pointer.withMemoryRebound(to: CChar.self, capacity: 256) { String(validatingCString: $0) }
            }
            guard let name else {
                closedir(stream)
                throw StorageError(
                    .location, at: path, "it holds a file whose name is not UTF-8",
                    remedy: "rename it (convmv -t utf8 -r --notest \"\(path)\")")
            }
            if !name.hasPrefix("."), name != "__MACOSX" { names.append(folder.isEmpty ? name : folder + "/" + name) }
        }
        closedir(stream)
        let entries = try names.compactMap { name -> (name: String, order: String, status: PathStatus)? in
            // A link that leads nowhere is passed over, as `find -L` does.
            guard let status = try PathStatus(root + "/" + name) else { return nil }
            return (name, status.isFolder ? name + "/" : name, status)
        }
        for entry in entries.sorted(by: { $0.order.utf8.lexicographicallyPrecedes($1.order.utf8) }) where !isStopped {
            if entry.status.isFolder {
                guard entry.order.hasPrefix(prefix) || prefix.hasPrefix(entry.order) else { continue }
                guard depth < 32 else {
                    throw StorageError(
                        .location, at: root + "/" + entry.name, "it lies more than 32 folders deep, perhaps by a link to a parent",
                        remedy: "remove the link")
                }
                try visit(entry.name, depth: depth + 1, receive)
            } else if entry.name.hasPrefix(prefix) {
                page.append(StoredObject(name: entry.name, size: entry.status.size, tag: entry.status.tag))
                if page.count >= 1000 { try flush(receive) }
            }
        }
    }

    mutating func flush(_ receive: ([StoredObject]) throws -> Bool) throws {
        guard !page.isEmpty, !isStopped else { return }
        isStopped = try !receive(page)
        page.removeAll(keepingCapacity: true)
    }
}
