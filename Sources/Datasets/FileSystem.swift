import Foundation

/// The few file operations of this room. Foundation's directory calls cost a stat per entry, which a folder of a million
/// images feels; `readdir` mostly knows the kind already.
enum FileSystem {
    struct Entry {
        var name: String
        var isFolder: Bool
        var isLink: Bool
    }

    enum Kind { case file, folder }

    /// Kind of what lies at `path`, links followed; `nil` if nothing does.
    static func kind(of path: String) -> Kind? {
        var status = stat()
        guard stat(path, &status) == 0 else { return nil }
        return status.st_mode & S_IFMT == S_IFDIR ? .folder : .file
    }

    /// Entries of a folder without hidden ones, sorted by UTF-8 bytes: the order of Python's `sorted`, and so of torchvision's classes.
    static func entries(of folder: String) throws -> [Entry] {
        guard let stream = opendir(folder) else { throw unreadable(folder) }
        defer { closedir(stream) }
        var entries: [Entry] = []
        while let entry = readdir(stream) {
            // Only the name's own bytes are read: a dirent is shorter than its declared 256 characters of name.
            let name = withUnsafePointer(to: &entry.pointee.d_name) { pointer in
                pointer.withMemoryRebound(to: CChar.self, capacity: 256) { String(validatingCString: $0) }
            }
            guard let name else {
                throw DatasetError(
                    .unreadable, at: folder, "it holds a file whose name is not UTF-8",
                    remedy: "rename it (convmv -t utf8 -r --notest \"\(folder)\")")
            }
            if name.hasPrefix(".") || name == "__MACOSX" { continue }
            let type = Int(entry.pointee.d_type)
            let isLink = type == Int(DT_LNK)
            let isFolder = isLink || type == Int(DT_UNKNOWN) ? kind(of: folder + "/" + name) == .folder : type == Int(DT_DIR)
            entries.append(Entry(name: name, isFolder: isFolder, isLink: isLink))
        }
        return entries.sorted { utf8Order($0.name, $1.name) }
    }

    /// The whole content of a file.
    static func bytes(of path: String) throws -> [UInt8] {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw unreadable(path) }
        defer { close(descriptor) }
        var status = stat()
        guard fstat(descriptor, &status) == 0 else { throw unreadable(path) }
        let size = Int(status.st_size)
        var failed = false
        let content = [UInt8](unsafeUninitializedCapacity: size) { buffer, count in
            count = 0
            while count < size {
                let got = read(descriptor, buffer.baseAddress.map { $0 + count }, size - count)
                if got < 0, errno == EINTR { continue }
                if got <= 0 {
                    failed = got < 0
                    return
                }
                count += got
            }
        }
        if failed { throw unreadable(path) }
        return content
    }

    /// The first bytes of a file, `count` at most, and the file's size.
    static func beginning(of path: String, count: Int) throws -> (bytes: [UInt8], size: Int) {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw unreadable(path) }
        defer { close(descriptor) }
        var status = stat()
        guard fstat(descriptor, &status) == 0 else { throw unreadable(path) }
        var bytes = [UInt8](repeating: 0, count: min(count, Int(status.st_size)))
        let got = pread(descriptor, &bytes, bytes.count, 0)
        guard got >= 0 else { throw unreadable(path) }
        bytes.removeSubrange(got...)
        return (bytes, Int(status.st_size))
    }

    /// The last component of a path.
    static func name(of path: String) -> String {
        String(path.split(separator: "/", omittingEmptySubsequences: true).last ?? "/")
    }

    /// The folder that holds `path`.
    static func folder(of path: String) -> String {
        guard let slash = path.lastIndex(of: "/") else { return "." }
        return slash == path.startIndex ? "/" : String(path[..<slash])
    }

    /// `name` below `folder`; an absolute name stays as it is.
    static func join(_ folder: String, _ name: String) -> String {
        name.hasPrefix("/") ? name : folder.hasSuffix("/") ? folder + name : folder + "/" + name
    }

    /// Order of code points.
    static func utf8Order(_ left: String, _ right: String) -> Bool {
        left.utf8.lexicographicallyPrecedes(right.utf8)
    }

    /// Error of the last system call on `path`.
    static func unreadable(_ path: String) -> DatasetError {
        let code = errno
        let remedy =
            switch code {
            case ENOENT: "check the path"
            case EACCES: "give this user the right to read it"
            case EMFILE, ENFILE: "raise the limit of open files (ulimit -n)"
            default: "check the disk and the path"
            }
        return DatasetError(.unreadable, at: path, "cannot be read (\(String(cString: strerror(code))))", remedy: remedy)
    }
}
