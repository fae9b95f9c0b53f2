/// One folder a class, numbered in the code-point order of their names (torchvision's ImageFolder, Keras' image_dataset_from_directory).
/// Images may lie in sub-folders of a class folder.
struct ClassFolders: ClassificationStorage {
    private let root: String
    private let paths: [String]

    var count: Int { paths.count }
    func name(at index: Int) -> String { FileSystem.join(root, paths[index]) }
    func payload(at index: Int) -> ImagePayload { .file(name(at: index)) }

    /// File names that are taken for images.
    static func isImage(_ name: String) -> Bool {
        guard let dot = name.lastIndex(of: ".") else { return false }
        return ["jpg", "jpeg", "jpe", "jfif", "png"].contains(name[name.index(after: dot)...].lowercased())
    }

    /// Reads the folders below `root`.
    ///
    /// - Parameter expected: the classes in the order in which the labels count them; the folders must be exactly these.
    static func read(_ root: String, expected: [String]?) throws -> ClassificationContent {
        let entries = try FileSystem.entries(of: root)
        let folders = entries.filter(\.isFolder).map(\.name)
        let classes = expected ?? folders
        guard Set(folders) == Set(classes) else {
            throw ClassNames.difference(found: folders, expected: classes, at: root)
        }
        var found = Scan()
        found.others = entries.filter { !$0.isFolder && $0.name != "classes.txt" }.map(\.name)
        var labels: [ClassificationLabel] = []
        var warnings: [String] = []
        for (label, name) in classes.enumerated() {
            let before = found.images.count
            try found.add(root: root, folder: name, depth: 0)
            if found.images.count == before { warnings.append("\(FileSystem.join(root, name)): the class has no images") }
            labels.append(contentsOf: repeatElement(.single(label), count: found.images.count - before))
        }
        guard !labels.isEmpty else {
            throw DatasetError(
                .unreadable, at: root, "its \(classes.count) class folders hold no JPEG or PNG images",
                remedy: "check the path, or convert the images to JPEG or PNG")
        }
        if let first = found.others.first {
            warnings.append(
                "\(root): \(found.others.count) files that are no JPEG or PNG images in a class folder were left out, the first is \(first)"
            )
        }
        let numbers = classes.compactMap { Int($0) }
        if expected == nil, numbers.count == classes.count, numbers != Array(0..<classes.count) {
            warnings.append(
                "\(root): class folders are numbered by name (\(ClassNames.listed(classes))), so a folder's number is not its class number")
        }
        return ClassificationContent(
            storage: ClassFolders(root: root, paths: found.images), labels: labels, classNames: classes,
            source: "class folders in \(root)", warnings: warnings)
    }

    /// Images found so far, as paths below the root, and files that are something else.
    private struct Scan {
        var images: [String] = []
        var others: [String] = []

        mutating func add(root: String, folder: String, depth: Int) throws {
            for entry in try FileSystem.entries(of: FileSystem.join(root, folder)) {
                let path = folder + "/" + entry.name
                if entry.isFolder {
                    // Inside a class a linked folder could lead back to one of its parents.
                    if entry.isLink || depth >= 16 { others.append(path) } else { try add(root: root, folder: path, depth: depth + 1) }
                } else if isImage(entry.name) {
                    images.append(path)
                } else {
                    others.append(path)
                }
            }
        }
    }
}
