import Storage

/// Pictures with a JSON file of boxes each, paired by base name: SageMaker's `train/a.jpg` with `train_annotation/a.json`.
///
/// A picture without a file of its base name gets the one whose `file` names it. A picture without any is an error of its record; files
/// without a picture are counted in ``warnings``.
///
/// Source: spec data-formats.md, "Detection, image files"; object-detection.md, "JSON annotation, one per image".
public struct BoxFiles: AnnotatedImages {
    /// Detection.
    public let task = VisionTask.detection
    /// From the caller, a `classes.txt`, or the files' `categories`.
    public let classNames: [String]?
    /// Where pictures and boxes lie.
    public let source: String
    /// Files without a partner, and categories that can't be the classes' names.
    public let warnings: [String]

    private let images: ChannelFiles
    private let annotations: ChannelFiles
    private let prefix: String
    private let records: [AnnotationPairs.Record]

    /// Number of pictures.
    public var count: Int { records.count }

    /// Pairs the pictures of one channel with the files of another.
    ///
    /// - Parameters:
    ///   - images: the channel of pictures, such as `train`.
    ///   - annotations: the channel of JSON files, such as `train_annotation`.
    ///   - classNames: name of each class; nil: those of a `classes.txt` in either channel, else of the files' `categories`, for which every
    ///     file is read.
    /// - Throws: ``DatasetError`` where no picture has a file; `StorageError`.
    public init(images: ChannelFiles, annotations: ChannelFiles, classNames: [String]? = nil) throws {
        let named = try ClassNames.chosen(
            given: classNames,
            own: ClassNames.read(ClassNames.fileName, in: annotations) ?? ClassNames.read(ClassNames.fileName, in: images),
            at: annotations.place)
        try self.init(
            AnnotationPairs(.annotation, images: images.paths, annotations: annotations.paths.filter(Self.isJSON)), images: images,
            annotations: annotations,
            prefix: "", source: "pictures in \(images.place) with boxes in \(annotations.place)", classNames: named)
    }

    /// Opens one channel of a folder in SageMaker's layout: `train/` with `train_annotation/`, and `classes.txt` beside them.
    ///
    /// - Parameters:
    ///   - files: everything in the folder that holds the channels.
    ///   - channel: `train` or `validation`.
    ///   - classNames: as in ``init(images:annotations:classNames:)``.
    /// - Throws: as ``init(images:annotations:classNames:)``.
    public init(_ files: ChannelFiles, channel: String, classNames: [String]? = nil) throws {
        let (imagePrefix, annotationPrefix) = (channel + "/", channel + "_annotation/")
        let pairs = AnnotationPairs(
            .annotation, images: files.paths.filter { $0.hasPrefix(imagePrefix) },
            annotations: files.paths.filter { $0.hasPrefix(annotationPrefix) && Self.isJSON($0) }, imagePrefix: imagePrefix,
            annotationPrefix: annotationPrefix)
        try self.init(
            pairs, images: files, annotations: files, prefix: imagePrefix, source: "boxes of \(files.location(of: channel))",
            classNames: ClassNames.chosen(given: classNames, own: ClassNames.read(ClassNames.fileName, in: files), at: files.place))
    }

    // The XML from which a JSON was made may lie beside it.
    private static func isJSON(_ name: String) -> Bool { name.lowercased().hasSuffix(".json") }

    private init(
        _ pairs: AnnotationPairs, images: ChannelFiles, annotations: ChannelFiles, prefix: String, source: String, classNames: [String]?
    ) throws {
        var pairs = pairs
        pairs.pairStrays { stray in
            guard let value = try? Self.value(of: annotations, stray), case .string(let file)? = value["file"] else { return nil }
            return prefix + file
        }
        try pairs.requireOne(at: source)
        if let classNames { try ClassNames.check(classNames, at: source) }
        (self.images, self.annotations, self.prefix, self.source, records) = (images, annotations, prefix, source, pairs.records)
        var warnings = pairs.warnings(source)
        if let classNames {
            self.classNames = classNames
        } else {
            let files = pairs.records.compactMap(\.annotation)
            let found = CategoryNames(concurrentMap(files.count) { try? Self.value(of: annotations, files[$0]) })
            self.classNames = found.names
            if let warning = found.warning { warnings.append("\(source): \(warning)") }
        }
        self.warnings = warnings
    }

    /// Picture `index`, not read, and its boxes; its place is the JSON file.
    public func record(at index: Int) throws -> AnnotatedImage {
        let (boxes, size, place) = try boxes(at: index)
        let image = records[index].image
        return AnnotatedImage(
            name: ImageFileName.below(prefix, image), payload: images.payload(of: image),
            annotation: .boxes(boxes), place: place, statedSize: size)
    }

    /// The boxes of picture `index`.
    public func annotation(at index: Int) throws -> Annotation { .boxes(try boxes(at: index).boxes) }

    private func boxes(at index: Int) throws -> (boxes: [BoundingBox], size: PixelSize, place: String) {
        try check(index)
        guard let file = records[index].annotation else {
            throw DatasetError(
                .unreadable, at: images.location(of: records[index].image), "the picture has no annotation",
                remedy: "add a JSON of the same base name to the annotations, with an empty list where it shows nothing")
        }
        let place = annotations.location(of: file)
        let value = try Self.value(of: annotations, file)
        let (boxes, size) = try BoxObject.read(value, classCount: nil, at: place)
        return (boxes, size, place)
    }

    private static func value(of files: ChannelFiles, _ name: String) throws -> JSONValue {
        try JSONValue(document: files.bytes(of: name), place: files.location(of: name))
    }
}

/// The class names that the `categories` of many files tell.
///
/// They are not always to be trusted: published data sets carry the numbers of another list there, and then no name is better than a wrong
/// one (spec object-detection.md, "JSON annotation, one per image").
private struct CategoryNames {
    /// Name of each class; nil where files name none, or others than their boxes have.
    private(set) var names: [String]?
    /// Why names were left out.
    private(set) var warning: String?

    init(_ files: [JSONValue?]) {
        var nameOfClass: [Int: String] = [:]
        var used: Set<Int> = []
        for case let file? in files {
            if case .array(let boxes)? = file["annotations"] {
                for box in boxes { if let number = Self.classNumber(box) { used.insert(number) } }
            }
            guard case .array(let categories)? = file["categories"] else { continue }
            for category in categories {
                guard let number = Self.classNumber(category), case .string(let name)? = category["name"], !name.isEmpty else { continue }
                if let known = nameOfClass.updateValue(name, forKey: number), known != name {
                    warning =
                        "categories call class \(number) both '\(known.prefix(40))' and '\(name.prefix(40))', so classes have no names"
                    return
                }
            }
        }
        guard !nameOfClass.isEmpty else { return }
        if let nameless = used.filter({ nameOfClass[$0] == nil }).min() {
            warning = "boxes have class \(nameless), which no categories name, so classes have no names"
            return
        }
        let count = (nameOfClass.keys.max() ?? 0) + 1
        guard count <= max(1024, 16 * nameOfClass.count) else {
            warning = "categories name class \(count - 1) and most below it not, so classes have no names"
            return
        }
        let list = (0..<count).map { nameOfClass[$0] ?? String($0) }
        guard Set(list).count == list.count else {
            warning = "categories give two classes one name, so classes have no names"
            return
        }
        names = list
    }

    private static func classNumber(_ value: JSONValue) -> Int? { try? value["class_id"]?.unwrapped.classNumber(below: nil, at: "") }
}

/// Writes pictures and a JSON of boxes for each, in SageMaker's layout: `train/a.jpg`, `train_annotation/a.json`, `classes.txt` beside them.
///
/// Pictures are copied byte by byte. Used by one thread at a time. Source: as ``BoxFiles``.
public final class BoxFileWriter: AnnotatedImageWriter {
    private let channel: String
    private let classNames: [String]?
    private var files: PictureFiles

    /// A writer into a channel that does not exist yet.
    ///
    /// - Parameters:
    ///   - store: where the channel's folders go.
    ///   - channel: their name: `train` or `validation`.
    ///   - classNames: what goes into `classes.txt` and each file's `categories`; nil: neither is written.
    ///   - resume: goes on where an earlier run of the same data stopped: files that are there with the same size are kept.
    /// - Throws: ``DatasetError`` for files that are there already without `resume`, and class names that `classes.txt` can't hold;
    ///   `StorageError`.
    public init(_ store: any ObjectStore, channel: String = "train", classNames: [String]? = nil, resume: Bool = false) throws {
        files = PictureFiles(store, resume: resume)
        try files.refuseExisting(prefix: channel + "/")
        try files.refuseExisting(prefix: channel + "_annotation/")
        if let classNames { try ClassNames.check(classNames, beforeWritingTo: store) }
        self.channel = channel
        self.classNames = classNames
    }

    /// Writes a picture and its boxes.
    /// - Throws: ``DatasetError`` for another annotation than boxes, and a picture whose size is not known; `StorageError`.
    public func write(_ image: AnnotatedImage) throws {
        let boxes = try image.boxesToWrite(classNames: classNames)
        let picture = try image.payload.encodedBytes()
        let size = try image.sizeToWrite(picture)
        // By its stem, for `a.jpg` and `a.png` would share an annotation.
        let name = files.uniqueName(for: image.name, content: picture, byStem: true)
        var text = Array("{\"file\":".utf8)
        text.append(jsonString: name)
        text.append(contentsOf: ",".utf8)
        try BoxObject.append(boxes, size, to: &text, place: image.place)
        if let classNames {
            text.append(contentsOf: ",\"categories\":[".utf8)
            for (number, name) in classNames.enumerated() {
                text.append(contentsOf: "\(number == 0 ? "" : ","){\"class_id\":\(number),\"name\":".utf8)
                text.append(jsonString: name)
                text.append(contentsOf: "}".utf8)
            }
            text.append(contentsOf: "]".utf8)
        }
        text.append(contentsOf: "}\n".utf8)
        try files.write(picture, to: "\(channel)/\(name)")
        try files.write(text, to: "\(channel)_annotation/\(ImageFileName.stem(of: name)).json")
    }

    /// Writes `classes.txt`.
    public func finish() throws {
        if let classNames { try ClassNames.write(classNames, to: files.store) }
    }
}
