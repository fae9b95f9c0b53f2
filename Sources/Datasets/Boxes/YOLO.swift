import Foundation
import Storage

/// Pictures in `images/` with a text of boxes each in `labels/`, as YOLO's trainers read them: lines `class x y width height`, the box's
/// centre and sides as fractions of the picture's.
///
/// A picture without a text shows nothing, as YOLO has it. Lines of more numbers outline an object, whose box is taken.
///
/// Source: docs.ultralytics.com, "Object Detection Datasets Overview", "Ultralytics YOLO format".
public struct YOLOImages: AnnotatedImages {
    /// Detection.
    public let task = VisionTask.detection
    /// From the caller, the description, or a `classes.txt`.
    public let classNames: [String]?
    /// Where the pictures lie.
    public let source: String
    /// Texts without a picture.
    public let warnings: [String]
    /// Number of pictures.
    public var count: Int { pictures.count }

    private let files: ChannelFiles
    private let pictures: [String]
    /// What pictures' names begin with and records' don't.
    private let prefix: String

    /// Opens one set of a data set.
    ///
    /// - Parameters:
    ///   - files: everything in its folder.
    ///   - set: `train`, `validation` or `test`.
    ///   - name: the YAML file, `data.yaml`; nil: the one in the folder, or none, and every picture beside texts is taken.
    ///   - classNames: name of each class; nil: those of the description or of `classes.txt`.
    /// - Throws: ``DatasetError`` for a description that can't be read, or a set without pictures; `StorageError`.
    public init(_ files: ChannelFiles, set: String, description name: String? = nil, classNames: [String]? = nil) throws {
        self.files = files
        let name = name ?? Self.description(in: files)
        let description = try name.map { try YOLODescription(files.bytes(of: $0), place: files.location(of: $0)) }
        let place = files.location(of: name ?? "")
        let folders = description.map { Self.folders($0, set: set) } ?? []
        var found: [String] = []
        for folder in folders {
            // `path` may be that of another machine, or of a folder beside; what lies here is found without it.
            let below = try description?.root.map { try Self.pictures(FileSystem.join($0, folder), in: files) } ?? []
            found += below.isEmpty ? try Self.pictures(folder, in: files) : below
        }
        if folders.isEmpty {
            // Without a word about the set: its folder, else all there is.
            let own = files.images.filter { "/\($0)".contains("/\(set)/") }
            found = own.isEmpty ? files.images : own
        }
        guard !found.isEmpty else {
            throw DatasetError(
                .unreadable, at: place, "the set '\(set)' has no pictures", remedy: "check 'train' and 'val' in the description")
        }
        pictures = found
        prefix = Self.commonFolder(of: found)
        source = "YOLO boxes of \(set) in \(files.place)"
        self.classNames = try ClassNames.chosen(
            given: classNames,
            own: description?.classNames ?? ClassNames.read(ClassNames.fileName, in: files)
                ?? ClassNames.read("labels/\(ClassNames.fileName)", in: files), at: place)
        let labels = Set(found.map(Self.label(of:)))
        let known = labels.filter(files.contains).count
        guard known > 0 else {
            throw DatasetError(
                .unreadable, at: place,
                "none of the set's \(found.count) pictures has a text of boxes, such as '\(Self.label(of: found[0]))'",
                remedy: "put pictures into images/ and texts into labels/, under the same names")
        }
        var warnings: [String] = []
        if known < labels.count {
            warnings.append(
                "\(source): \(labels.count - known) of \(labels.count) pictures have no text of boxes and count as showing nothing")
        }
        let strays = Self.strays(besides: labels, in: files)
        if strays > 0 {
            warnings.append("\(source): \(strays) texts of boxes have no JPEG or PNG picture and were left out")
        }
        self.warnings = warnings
    }

    /// Texts in the folders of `labels/` that none of the pictures has.
    private static func strays(besides labels: Set<String>, in files: ChannelFiles) -> Int {
        let folders = Set(labels.map(FileSystem.folder(of:)).filter { "/\($0)/".contains("/labels/") })
        return files.paths.count { path in
            path.hasSuffix(".txt") && !labels.contains(path) && folders.contains(FileSystem.folder(of: path))
                && FileSystem.name(of: path) != ClassNames.fileName
        }
    }

    /// Picture `index`, not read, and its boxes; its place is the text.
    public func record(at index: Int) throws -> AnnotatedImage {
        var record = try picture(at: index)
        record.annotation = try annotation(at: index)
        return record
    }

    /// Whether pictures and texts lie on this machine.
    var isLocal: Bool { files.store is LocalStore }

    /// Picture `index` without its boxes.
    func picture(at index: Int) throws -> AnnotatedImage {
        try check(index)
        let picture = pictures[index]
        let label = Self.label(of: picture)
        return AnnotatedImage(
            name: ImageFileName.below(prefix, picture), payload: files.payload(of: picture), annotation: .boxes([]),
            place: files.location(of: files.contains(label) ? label : picture))
    }

    /// The boxes of picture `index`.
    public func annotation(at index: Int) throws -> Annotation { .boxes(try lines(at: index).map(\.box)) }

    /// The lines of picture `index`'s text; none where it has no text.
    func lines(at index: Int) throws -> [YOLOText.Line] {
        try check(index)
        let label = Self.label(of: pictures[index])
        guard files.contains(label) else { return [] }
        return try YOLOText.lines(files.bytes(of: label), place: files.location(of: label))
    }

    /// The description that a folder holds: the YAML file that YOLO's tools call `data.yaml`, or the only one.
    static func description(in files: ChannelFiles) -> String? {
        let found = files.paths.filter { !$0.contains("/") && ($0.hasSuffix(".yaml") || $0.hasSuffix(".yml")) }
        return found.first { ImageFileName.stem(of: $0) == "data" } ?? (found.count == 1 ? found[0] : nil)
    }

    /// `images/train/a.jpg` → `labels/train/a.txt`; a picture outside of `images/` has its text beside it.
    static func label(of picture: String) -> String {
        let stem = ImageFileName.stem(of: picture)
        guard let range = "/\(stem)".range(of: "/images/", options: .backwards) else { return stem + ".txt" }
        return String("/\(stem)".replacingCharacters(in: range, with: "/labels/").dropFirst()) + ".txt"
    }

    private static func folders(_ description: YOLODescription, set: String) -> [String] {
        let keys = set == "validation" ? ["val", "validation", "valid"] : [set]
        return keys.lazy.compactMap { description.sets[$0] }.first ?? []
    }

    /// The pictures of a folder, or of a text that lists them.
    private static func pictures(_ folder: String, in files: ChannelFiles) throws -> [String] {
        let root = files.place.hasSuffix("/") ? files.place : files.place + "/"
        var path = Substring(folder.hasPrefix(root) ? String(folder.dropFirst(root.count)) : folder)
        while path.hasPrefix("./") || path.hasPrefix("../") { path = path.dropFirst(path.hasPrefix("./") ? 2 : 3) }
        let name = path == "." ? "" : String(path)
        if name.hasSuffix(".txt"), files.contains(name) {
            let lines = String(decoding: try files.bytes(of: name), as: UTF8.self).split(whereSeparator: \.isNewline)
            return lines.map { line in
                let path = line.hasPrefix("./") ? String(line.dropFirst(2)) : String(line)
                return files.contains(path) ? path : FileSystem.join(FileSystem.folder(of: name), path)
            }
        }
        let inside = name.isEmpty || name.hasSuffix("/") ? name : name + "/"
        return files.images.filter { $0.hasPrefix(inside) }
    }

    /// The folder that holds all of the paths, with `/` at its end, or nothing.
    private static func commonFolder(of paths: [String]) -> String {
        func folder(_ path: some StringProtocol) -> String { path.lastIndex(of: "/").map { String(path[...$0]) } ?? "" }
        var common = folder(paths.first ?? "")
        for path in paths { while !path.hasPrefix(common) { common = folder(common.dropLast()) } }
        return common
    }
}

/// The objects of one picture as text.
enum YOLOText {
    /// One object: a box (centre and sides) or an outline (x and y of each corner), as fractions of the picture's sides.
    struct Line {
        /// From 1.
        let number: Int
        let classID: Int
        /// Four, or an even number of at least six.
        let numbers: [Double]

        /// The box, or that around the outline.
        var box: BoundingBox {
            if numbers.count == 4 {
                let (x, y, width, height) = (numbers[0], numbers[1], numbers[2], numbers[3])
                return BoundingBox(classID: classID, left: x - width / 2, top: y - height / 2, right: x + width / 2, bottom: y + height / 2)
            }
            let xs = stride(from: 0, to: numbers.count, by: 2).map { numbers[$0] }
            let ys = stride(from: 1, to: numbers.count, by: 2).map { numbers[$0] }
            return BoundingBox(
                classID: classID, left: xs.min() ?? 0, top: ys.min() ?? 0, right: xs.max() ?? 0, bottom: ys.max() ?? 0)
        }
    }

    /// Reads a text. `place`: what errors name.
    /// - Throws: ``DatasetError`` for a line that is neither a box nor an outline.
    static func lines(_ bytes: [UInt8], place: String) throws -> [Line] {
        guard let text = String(validating: bytes, as: UTF8.self) else {
            throw DatasetError(.malformed, at: place, "it is not UTF-8 text", remedy: "save it as UTF-8")
        }
        var lines: [Line] = []
        for (index, line) in text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline).enumerated() {
            let fields = line.split { $0 == " " || $0 == "\t" || $0 == "\u{FEFF}" }
            if fields.isEmpty { continue }
            func refused(_ problem: String) -> DatasetError {
                DatasetError(
                    .label, at: "\(place):\(index + 1)", problem, remedy: "write class, centre x, centre y, width and height, as fractions")
            }
            let numbers = try fields.map { field in
                guard let value = Double(field), value.isFinite, value.magnitude < 1e9 else {
                    throw refused("'\(field.prefix(40))' is not a number")
                }
                return value
            }
            guard numbers[0].rounded() == numbers[0], (0...Double(ImageListReader.highestPlausibleLabel)).contains(numbers[0]) else {
                throw refused("'\(fields[0].prefix(40))' is not a class number")
            }
            guard numbers.count == 5 || numbers.count >= 7 && !numbers.count.isMultiple(of: 2) else {
                throw refused("it has \(numbers.count) numbers where a box has 5")
            }
            lines.append(Line(number: index + 1, classID: Int(numbers[0]), numbers: Array(numbers.dropFirst())))
        }
        return lines
    }

    /// Lines with six decimals, as YOLO's tools write them.
    static func text(_ boxes: [BoundingBox]) -> String {
        func decimal(_ value: Double) -> String { String(format: "%.6f", value) }
        return boxes.reduce(into: "") { text, box in
            let centre = ((box.left + box.right) / 2, (box.top + box.bottom) / 2)
            text += "\(box.classID) \(decimal(centre.0)) \(decimal(centre.1)) \(decimal(box.width)) \(decimal(box.height))\n"
        }
    }
}

/// Writes pictures and texts in YOLO's layout: `images/train/`, `labels/train/`, `data.yaml`.
///
/// Pictures are copied byte by byte; a crowd or a difficult object becomes an ordinary box, for YOLO has no others. Used by one thread at
/// a time. Source: as ``YOLOImages``.
public final class YOLOWriter: AnnotatedImageWriter {
    private let set: String
    private let classNames: [String]?
    private var files: PictureFiles
    private var highestClass = -1

    private static let descriptionName = "data.yaml"

    /// A writer of a set that does not exist yet.
    ///
    /// - Parameters:
    ///   - store: where the folders go.
    ///   - set: `train` or `validation`.
    ///   - classNames: written into `data.yaml`; nil: classes are called by their numbers.
    ///   - resume: goes on where an earlier run of the same data stopped: files that are there with the same size are kept.
    /// - Throws: ``DatasetError`` for a set that is there already without `resume`, or other class names in `data.yaml`; `StorageError`.
    public init(_ store: any ObjectStore, set: String = "train", classNames: [String]? = nil, resume: Bool = false) throws {
        files = PictureFiles(store, resume: resume)
        try files.refuseExisting(prefix: "images/\(set)/")
        try files.refuseExisting(prefix: "labels/\(set)/")
        if let classNames {
            try ClassNames.check(classNames, at: "class names")
            if let there = try Self.description(in: store)?.classNames, there != classNames {
                throw ClassNames.difference(found: there, expected: classNames, at: store.location(of: Self.descriptionName))
            }
        }
        self.set = set
        self.classNames = classNames
    }

    /// Copies a picture and writes its boxes.
    /// - Throws: ``DatasetError`` for another annotation than boxes; `StorageError`.
    public func write(_ image: AnnotatedImage) throws {
        let boxes = try image.boxesToWrite(classNames: classNames)
        for box in boxes { highestClass = max(highestClass, box.classID) }
        let picture = try image.payload.encodedBytes()
        let name = files.uniqueName(for: image.name, content: picture, byStem: true)
        try files.write(picture, to: "images/\(set)/\(name)")
        try files.write(Array(YOLOText.text(boxes).utf8), to: "labels/\(set)/\(ImageFileName.stem(of: name)).txt")
    }

    /// Writes `data.yaml`, for all sets that are there.
    public func finish() throws {
        let store = files.store
        func holds(_ set: String) throws -> Bool {
            var found = false
            try store.list(prefix: "images/\(set)/") { page in
                found = !page.isEmpty
                return false
            }
            return found
        }
        // YOLO's tools want both.
        let train = try holds("train") ? "train" : set
        let validation = try holds("validation") ? "validation" : train
        // Another set may have named them.
        let known = try Self.description(in: store)?.classNames ?? []
        let names = classNames ?? ClassNames.fitted(known, to: max(highestClass + 1, known.count))
        let text = YOLODescription.text(
            classNames: names, train: "images/\(train)", validation: "images/\(validation)")
        try store.write(Array(text.utf8), to: Self.descriptionName)
    }

    private static func description(in store: any ObjectStore) throws -> YOLODescription? {
        guard try store.information(about: descriptionName) != nil else { return nil }
        return try YOLODescription(store.bytes(of: descriptionName), place: store.location(of: descriptionName))
    }
}
