import Foundation
import Storage

/// The pictures and boxes of a COCO file (`instances_train2017.json`).
///
/// Classes are its categories in the order of their ids, without the gaps between these. Boxes are `left, top, width, height` in pixels
/// from the picture's corner. A box whose category or numbers are missing is an error of its picture's record.
///
/// Source: cocodataset.org, "Data format".
public struct COCOImages: AnnotatedImages, NamesPictures {
    /// Detection.
    public let task = VisionTask.detection
    /// The categories' names; nil where the file has no categories.
    public let classNames: [String]?
    /// `COCO boxes in instances_train2017.json`.
    public let source: String
    /// Boxes that belong to no picture.
    public let warnings: [String]
    /// Number of pictures.
    public var count: Int { document.pictures.count }

    private let document: COCODocument
    private let images: any ObjectStore
    /// What comes before pictures' names in the store.
    private let prefix: String
    private let place: String

    /// Reads a file; its text is held in memory while it is read.
    ///
    /// - Parameters:
    ///   - name: the file.
    ///   - store: where it is.
    ///   - images: the channel of pictures; nil: looked for beside the file and where COCO itself has them, by the first picture's name.
    ///   - classNames: names in the order of the categories' ids, where others are wanted.
    /// - Throws: ``DatasetError`` for a text that is no such file or names no picture; `StorageError`.
    public init(_ name: String, in store: any ObjectStore, images: (any ObjectStore)? = nil, classNames: [String]? = nil) throws {
        try self.init(name, text: store.bytes(of: name), in: store, images: images, classNames: classNames)
    }

    /// The same of a text that was read already. `keepsOutlines`: see ``COCODocument/Box/outline``.
    init(
        _ name: String, text: [UInt8], in store: any ObjectStore, images: (any ObjectStore)?, classNames: [String]? = nil,
        keepsOutlines: Bool = false
    ) throws {
        place = store.location(of: name)
        let place = place
        document = try text.withUnsafeBufferPointer { try COCODocument($0, place: place, keepsOutlines: keepsOutlines) }
        guard let first = document.pictures.first else {
            throw DatasetError(.malformed, at: place, "it names no pictures", remedy: "check that this is the file")
        }
        source = "COCO boxes in \(place)"
        self.classNames = try Self.names(given: classNames, own: document.classNames.isEmpty ? nil : document.classNames, at: place)
        if let images {
            (self.images, prefix) = (images, "")
        } else {
            (self.images, prefix) = (store, try Self.folder(of: first.name, besides: name, in: store))
        }
        warnings =
            document.strayBoxes > 0
            ? ["\(place): \(document.strayBoxes) annotations belong to no picture of the file and were left out"] : []
    }

    /// The names that the classes take: those that were given, or the catalogue's `own`.
    /// - Throws: ``DatasetError`` for another catalogue than the one that is expected.
    static func names(given: [String]?, own: [String]?, at place: String) throws -> [String]? {
        if let given {
            try ClassNames.check(given, at: place)
            // The catalogue's beginning, or more than it, is what num_classes makes of it.
            let own = own ?? []
            let areOthers = zip(given, own).enumerated().contains { index, names in names.0 != names.1 && names.0 != String(index) }
            if own.count != given.count, areOthers { throw ClassNames.difference(found: own, expected: given, at: place) }
        }
        return try ClassNames.chosen(given: given, own: own, at: place)
    }

    /// Record `index`, its picture not read.
    /// - Throws: ``DatasetError`` for a box that can't be read, and a picture of unknown size that can't be opened.
    public func record(at index: Int) throws -> AnnotatedImage {
        let (boxes, size) = try boxes(at: index)
        var record = try picture(at: index)
        (record.annotation, record.statedSize) = (.boxes(boxes), size)
        return record
    }

    /// Picture `index` without its boxes.
    func picture(at index: Int) throws -> AnnotatedImage {
        try check(index)
        let picture = document.pictures[index]
        return AnnotatedImage(name: picture.name, payload: payload(picture), annotation: .boxes([]), place: place(of: index))
    }

    /// The annotations of picture `index`, which must be one.
    func objects(at index: Int) -> ArraySlice<COCODocument.Box> {
        document.boxes[document.starts[index]..<document.starts[index + 1]]
    }

    /// The size that the file states, or else the picture's own.
    func size(at index: Int) throws -> PixelSize {
        let picture = document.pictures[index]
        return try picture.size ?? PixelSize(ofPicture: payload(picture).encodedBytes(), place: place(of: index))
    }

    /// The class number of an annotation; nil where the file has no such category.
    func classID(of box: COCODocument.Box) -> Int? {
        // A file without categories numbers its classes itself.
        let number = document.classNames.isEmpty ? Int(box.category).flatMap { $0 >= 0 ? $0 : nil } : document.classOfCategory[box.category]
        return number.flatMap { $0 <= ImageListReader.highestPlausibleLabel ? $0 : nil }
    }

    /// The boxes of picture `index`.
    public func annotation(at index: Int) throws -> Annotation { .boxes(try boxes(at: index).boxes) }

    func holdsPicture(of index: Int) -> Bool {
        guard case .file(let path) = payload(document.pictures[index]) else { return true }
        return FileSystem.kind(of: path) == .file
    }

    func picturePlace(of index: Int) -> String { images.location(of: prefix + document.pictures[index].name) }

    func place(of index: Int) -> String { "\(place), picture '\(document.pictures[index].name)'" }

    private func payload(_ picture: COCODocument.Picture) -> ImagePayload { .file(prefix + picture.name, in: images) }

    private func boxes(at index: Int) throws -> (boxes: [BoundingBox], size: PixelSize) {
        try check(index)
        let size = try size(at: index)
        let (columns, rows) = (Double(size.width), Double(size.height))
        let boxes = try objects(at: index).map { box in
            func refused(_ problem: String, _ remedy: String) -> DatasetError {
                DatasetError(.label, at: "\(place(of: index)), annotations[\(box.annotation)]", problem, remedy: remedy)
            }
            if let fault = box.fault { throw refused(fault, "write bbox as [left, top, width, height] in pixels, and category_id") }
            guard let number = classID(of: box) else {
                throw refused("category \(box.category.prefix(40)) is none of the file's categories", "add it to categories")
            }
            let made = BoundingBox(
                classID: number, left: box.left / columns, top: box.top / rows, right: (box.left + box.width) / columns,
                bottom: (box.top + box.height) / rows, isDifficult: box.isIgnored, isCrowd: box.isCrowd)
            guard made.right.isFinite, made.bottom.isFinite else {
                throw refused("its edges are beyond all numbers", "write the box in pixels")
            }
            return made
        }
        return (boxes, size)
    }

    /// Where the pictures are, as a prefix of names: the first likely folder that has the first of them.
    private static func folder(of picture: String, besides file: String, in store: any ObjectStore) throws -> String {
        let slash = file.lastIndex(of: "/")
        let own = slash.map { String(file[...$0]) } ?? ""
        let above = own.dropLast().lastIndex(of: "/").map { String(own[...$0]) } ?? ""
        let stem = ImageFileName.stem(of: String(file.dropFirst(own.count)))
        // `instances_train2017` belongs to `train2017`.
        let set = stem.split(separator: "_").last.map(String.init) ?? stem
        let folders = [own, above].flatMap { root in
            ["", "\(set)/", "images/\(set)/", "images/", "\(stem)/", "JPEGImages/", "data/"].map { root + $0 }
        }
        for folder in folders where try store.information(about: folder + picture) != nil { return folder }
        throw DatasetError(
            .unreadable, at: store.location(of: file), "its first picture '\(picture)' is in none of the folders where it might be",
            remedy: "give the folder of the pictures, and the file as its annotation")
    }
}

/// Writes a COCO file with its pictures in COCO's own layout: `train/`, `annotations/instances_train.json`.
///
/// Pictures are copied byte by byte; numbers have two decimals, as in COCO. Annotations wait in a temporary file, so that memory does not
/// grow. Used by one thread at a time. Source: as ``COCOImages``.
public final class COCOWriter: AnnotatedImageWriter {
    private let channel: String
    private let classNames: [String]?
    private var files: PictureFiles
    private let sink: any ByteSink
    private let annotations: Spool
    private var pictures: [UInt8] = Array("{\"images\":[".utf8)
    private var pictureCount = 0
    private var boxCount = 0
    private var highestClass = -1

    /// A writer into a channel that does not exist yet.
    ///
    /// - Parameters:
    ///   - store: where the folders go.
    ///   - channel: `train` or `validation`.
    ///   - classNames: the categories' names; nil: they are called by their numbers.
    ///   - resume: goes on where an earlier run of the same data stopped: pictures that are there with the same size are kept.
    /// - Throws: ``DatasetError`` for files that are there already without `resume`; `StorageError`.
    public init(_ store: any ObjectStore, channel: String = "train", classNames: [String]? = nil, resume: Bool = false) throws {
        files = PictureFiles(store, resume: resume)
        let name = "annotations/instances_\(channel).json"
        try files.refuseExisting(prefix: channel + "/")
        try files.refuseExisting(prefix: name)
        if let classNames { try ClassNames.check(classNames, at: store.location(of: name)) }
        self.channel = channel
        self.classNames = classNames
        sink = try store.create(name)
        annotations = try Spool()
    }

    /// Copies a picture and adds its boxes.
    /// - Throws: ``DatasetError`` for another annotation than boxes, and a picture whose size is not known; `StorageError`.
    public func write(_ image: AnnotatedImage) throws {
        let boxes = try image.boxesToWrite(classNames: classNames)
        let picture = try image.payload.encodedBytes()
        let size = try image.sizeToWrite(picture)
        let name = files.uniqueName(for: image.name, content: picture)
        try files.write(picture, to: "\(channel)/\(name)")
        // Tools take id 0 for none.
        pictureCount += 1
        pictures.append(contentsOf: "\(pictureCount == 1 ? "" : ",")\n{\"id\":\(pictureCount),\"file_name\":".utf8)
        pictures.append(jsonString: name)
        pictures.append(contentsOf: ",\"width\":\(size.width),\"height\":\(size.height)}".utf8)
        if pictures.count > 1 << 16 {
            try sink.write(pictures)
            pictures.removeAll(keepingCapacity: true)
        }
        var text: [UInt8] = []
        for box in boxes {
            boxCount += 1
            highestClass = max(highestClass, box.classID)
            let place = Self.hundredths(box, size)
            text.append(
                contentsOf:
                    "\(boxCount == 1 ? "" : ",")\n{\"id\":\(boxCount),\"image_id\":\(pictureCount),\"category_id\":\(box.classID + 1),".utf8
            )
            text.append(contentsOf: "\"bbox\":[\(place.bbox)],\"area\":\(place.area),\"segmentation\":[],".utf8)
            text.append(contentsOf: "\"iscrowd\":\(box.isCrowd ? 1 : 0)\(box.isDifficult ? ",\"ignore\":1" : "")}".utf8)
        }
        try annotations.write(text)
    }

    /// Writes annotations and categories, and gives the file its name.
    public func finish() throws {
        try sink.write(pictures)
        try sink.write(Array("\n],\"annotations\":[".utf8))
        try annotations.copy(to: sink)
        var text = Array("\n],\"categories\":[".utf8)
        for (number, name) in (classNames ?? ClassNames.placeholders(highestClass + 1)).enumerated() {
            text.append(contentsOf: "\(number == 0 ? "" : ",")\n{\"id\":\(number + 1),\"name\":".utf8)
            text.append(jsonString: name)
            text.append(contentsOf: "}".utf8)
        }
        text.append(contentsOf: "\n]}\n".utf8)
        try sink.write(text)
        try sink.commit()
    }

    /// `left, top, width, height` and the area, from edges rounded to hundredths of a pixel: so they survive any number of conversions.
    private static func hundredths(_ box: BoundingBox, _ size: PixelSize) -> (bbox: String, area: String) {
        func edge(_ fraction: Double, _ side: Int) -> Int { Int((fraction * Double(side) * 100).rounded()) }
        func text(_ hundredths: Int) -> String {
            let (whole, part) = hundredths.magnitude.quotientAndRemainder(dividingBy: 100)
            let digits = part == 0 ? "" : part % 10 == 0 ? ".\(part / 10)" : part < 10 ? ".0\(part)" : ".\(part)"
            return (hundredths < 0 ? "-" : "") + "\(whole)" + digits
        }
        let (left, top) = (edge(box.left, size.width), edge(box.top, size.height))
        let (width, height) = (edge(box.right, size.width) - left, edge(box.bottom, size.height) - top)
        let area = Double(width) * Double(height) / 10_000
        return ([left, top, width, height].map(text).joined(separator: ","), "\(area)")
    }
}
