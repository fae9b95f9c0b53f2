import Storage

/// One folder a class, numbered in the code-point order of their names (torchvision's ImageFolder, Keras' image_dataset_from_directory),
/// or as a `classes.txt` beside the folders says. Images may lie in sub-folders of a class folder.
///
/// Opening lists names and reads no picture.
public struct ClassFolders: AnnotatedImages {
    /// Classification.
    public let task = VisionTask.classification
    /// The folders' names; position = class number.
    public let classNames: [String]?
    /// Where the folders are.
    public let source: String
    /// Classes without images, files that are something else, and names that look like other numbers.
    public let warnings: [String]

    private let store: any ObjectStore
    /// Relative paths, class by class.
    private let paths: [String]
    /// Position behind each class's last picture.
    private let ends: [Int]

    /// Number of pictures.
    public var count: Int { paths.count }

    /// The folders of a channel.
    ///
    /// - Parameters:
    ///   - files: what the channel holds.
    ///   - classNames: the classes in a model's order; there must be no folders of others.
    /// - Throws: ``DatasetError`` for a channel without class folders or pictures, and folders that differ from the classes;
    ///   `StorageError` where `classes.txt` can't be read.
    public init(_ files: ChannelFiles, classNames: [String]? = nil) throws {
        try self.init(
            ClassFolderScan(paths: files.paths), store: files.store, expected: classNames,
            listed: ClassNames.read(ClassNames.fileName, in: files))
    }

    /// The folders of a store. Those of this machine are seen even where they are empty, and links back to a parent are passed over.
    ///
    /// - Parameters:
    ///   - store: the folder or bucket prefix that holds the class folders.
    ///   - classNames: the classes in a model's order; there must be no folders of others.
    /// - Throws: ``DatasetError`` for a store without class folders or pictures, and folders that differ from the classes;
    ///   `StorageError` where the store can't be listed.
    public init(_ store: any ObjectStore, classNames: [String]? = nil) throws {
        guard store is LocalStore else {
            try self.init(ChannelFiles(store), classNames: classNames)
            return
        }
        try self.init(
            ClassFolderScan(root: store.place), store: store, expected: classNames, listed: ClassNames.beside(store.place))
    }

    private init(_ scan: ClassFolderScan, store: any ObjectStore, expected: [String]?, listed: [String]?) throws {
        let root = store.place
        let folders = scan.folders.map(\.name)
        // SageMaker's layout, Pascal VOC's and YOLO's.
        for (images, annotations) in [
            ("train", "train_annotation"), ("validation", "validation_annotation"), ("JPEGImages", "Annotations"), ("images", "labels"),
        ] where folders.contains(images) && folders.contains(annotations) {
            throw DatasetError(
                .label, at: root, "its folders '\(images)' and '\(annotations)' are no classes, but pictures and their masks or boxes",
                remedy: "use it for segmentation or detection, or give a folder with one folder a class")
        }
        var warnings: [String] = []
        var numbered = folders
        if let listed {
            let unnamed = Set(folders).subtracting(listed)
            if unnamed.isEmpty {
                numbered = listed
            } else if expected == nil {
                warnings.append(
                    "\(root): \(ClassNames.fileName) does not name the folders \(ClassNames.listed(unnamed.sorted())), "
                        + "so classes are numbered by folder name")
            }
        }
        let classes = expected ?? numbered
        // A bucket has no empty folders, and few pictures need not show every class; one that the model lacks is another matter.
        guard Set(folders).isSubset(of: classes) || Set(numbered) == Set(classes) else {
            throw ClassNames.difference(found: folders, expected: classes, at: root)
        }
        let imagesOfFolder = Dictionary(scan.folders.map { ($0.name, $0.images) }) { first, _ in first }
        var paths: [String] = []
        var ends: [Int] = []
        var empty: [String] = []
        for name in classes {
            let images = imagesOfFolder[name] ?? []
            if images.isEmpty { empty.append(name) }
            paths += images
            ends.append(paths.count)
        }
        if empty.count > 3 {
            warnings.append("\(root): \(empty.count) of \(classes.count) classes have no images (\(ClassNames.listed(empty)))")
        } else {
            warnings += empty.map { "\(FileSystem.join(root, $0)): the class has no images" }
        }
        guard !paths.isEmpty else { throw scan.noImages(at: root) }
        if expected == nil, listed == nil {
            if let inner = try scan.innerFolders(at: root) { warnings.append(inner) }
            if folders.count == 1 { warnings.append("\(root): there is one class only, '\(folders[0])', so that nothing can be learned") }
        }
        if let first = scan.others.first {
            warnings.append(
                "\(root): \(scan.others.count) files that are no JPEG or PNG images in a class folder were left out, the first is \(first)"
            )
        }
        let numbers = classes.compactMap { Int($0) }
        if expected == nil, numbers.count == classes.count, numbers != Array(0..<classes.count) {
            warnings.append(
                "\(root): class folders are numbered by name (\(ClassNames.listed(classes))), so a folder's number is not its class number")
        }
        self.store = store
        self.paths = paths
        self.ends = ends
        self.warnings = warnings
        classNames = classes
        source = "class folders in \(root)"
    }

    /// Picture `index`, not read, and its class.
    public func record(at index: Int) throws -> AnnotatedImage {
        let annotation = try annotation(at: index)
        let (path, place) = (paths[index], store.location(of: paths[index]))
        return AnnotatedImage(
            name: path, payload: .file(path, in: store), annotation: annotation, place: place)
    }

    /// The class of picture `index`.
    public func annotation(at index: Int) throws -> Annotation {
        try check(index)
        var (low, high) = (0, ends.count - 1)
        while low < high {
            let middle = (low + high) / 2
            if ends[middle] > index { high = middle } else { low = middle + 1 }
        }
        return .label(.single(low))
    }

    /// File names that are taken for images.
    public static func isImage(_ name: String) -> Bool {
        guard let dot = name.lastIndex(of: ".") else { return false }
        return ["jpg", "jpeg", "jpe", "jfif", "png"].contains(name[name.index(after: dot)...].lowercased())
    }
}
