/// What lies in class folders: found by walking through those of this machine, or in the listing of a store.
struct ClassFolderScan {
    /// Folders in the code-point order of their names, each with its images, as paths below the root, in the order of their bytes.
    private(set) var folders: [(name: String, images: [String])] = []
    /// Files that are no images of a class.
    private(set) var others: [String] = []

    /// Groups the paths of a listing, which come in the order of their bytes. A path that ends in `/` marks an empty folder, as consoles
    /// make them.
    init(paths: [String]) {
        var imagesOfFolder: [Substring: [String]] = [:]
        others = paths.filter { !$0.utf8.contains(UInt8(ascii: "/")) && $0 != ClassNames.fileName }
        for path in paths {
            guard let slash = path.firstIndex(of: "/") else { continue }
            if path.hasSuffix("/") {
                imagesOfFolder[path[..<slash], default: []] += []
            } else if ClassFolders.isImage(path) {
                imagesOfFolder[path[..<slash], default: []].append(path)
            } else {
                imagesOfFolder[path[..<slash], default: []] += []
                others.append(path)
            }
        }
        folders = imagesOfFolder.map { (String($0.key), $0.value) }.sorted { FileSystem.utf8Order($0.name, $1.name) }
    }

    /// Walks through the folders below `root`.
    /// - Throws: ``DatasetError`` for a folder that can't be read.
    init(root: String) throws {
        let entries = try FileSystem.entries(of: root)
        others = entries.filter { !$0.isFolder && $0.name != ClassNames.fileName }.map(\.name)
        for entry in entries where entry.isFolder {
            var images: [String] = []
            try add(root: root, folder: entry.name, depth: 0, &images)
            folders.append((entry.name, images))
        }
    }

    private mutating func add(root: String, folder: String, depth: Int, _ images: inout [String]) throws {
        var entries = try FileSystem.entries(of: FileSystem.join(root, folder))
        // The order of whole paths, which is a bucket's: the same data train alike from both.
        if entries.contains(where: \.isFolder) {
            entries.sort { FileSystem.utf8Order($0.isFolder ? $0.name + "/" : $0.name, $1.isFolder ? $1.name + "/" : $1.name) }
        }
        for entry in entries {
            let path = folder + "/" + entry.name
            if entry.isFolder {
                // Inside a class a linked folder could lead back to one of its parents.
                if entry.isLink || depth >= 16 { others.append(path) } else { try add(root: root, folder: path, depth: depth + 1, &images) }
            } else if ClassFolders.isImage(entry.name) {
                images.append(path)
            } else {
                others.append(path)
            }
        }
    }

    /// A warning where all folders hold the same folders, and no pictures of their own: these are rather the classes.
    /// - Throws: ``DatasetError`` where there is one folder, and it is like that.
    func innerFolders(at root: String) throws -> String? {
        let filled = folders.filter { !$0.images.isEmpty }
        var inner: [Set<Substring>] = []
        for folder in filled {
            var names: Set<Substring> = []
            for path in folder.images {
                let parts = path.split(separator: "/", maxSplits: 2)
                guard parts.count > 2 else { return nil }
                names.insert(parts[1])
            }
            inner.append(names)
        }
        guard let first = inner.first, first.count > 1, inner.allSatisfy({ $0 == first }) else { return nil }
        let (names, example) = (ClassNames.listed(first.map(String.init).sorted()), FileSystem.join(root, filled[0].name))
        guard folders.count == 1 else {
            return
                "\(root): all its folders hold the same folders (\(names)); if these are the classes, give one of them, such as \(example)"
        }
        throw DatasetError(
            .label, at: root, "its only folder, '\(filled[0].name)', holds no pictures but folders (\(names))", remedy: "give \(example)")
    }

    /// The error for folders without a single picture.
    func noImages(at root: String) -> DatasetError {
        let loose = others.filter { !$0.contains("/") && ClassFolders.isImage($0) }.count
        guard folders.isEmpty, loose > 0 else {
            return DatasetError(
                .unreadable, at: root, "its \(folders.count) class folders hold no JPEG or PNG images",
                remedy: "check the path, or convert the images to JPEG or PNG")
        }
        return Self.unlabelled(loose, at: root)
    }

    /// The error for a folder of nothing but `count` images.
    static func unlabelled(_ count: Int, at folder: String) -> DatasetError {
        // Half of SageMaker's layout, where all of it is wanted.
        let isHalf = FileSystem.kind(of: folder + "_annotation") == .folder
        return DatasetError(
            .label, at: folder, "its \(count) images have no labels",
            remedy: isHalf
                ? "give the folder above, which holds their masks or boxes, too"
                : "sort them into one folder a class, or give their .lst")
    }
}
