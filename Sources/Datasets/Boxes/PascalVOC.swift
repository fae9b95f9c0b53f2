import Foundation
import Storage

/// Pictures with an XML file of objects each, as Pascal VOC and most labelling programs lay them out.
///
/// VOC counts pixels from 1 and includes the last: a box over the whole of a 500 × 400 picture is 1, 1, 500, 400. Files that count from 0
/// exist; a 0 is taken for the picture's edge.
///
/// Source: Everingham et al., "The PASCAL Visual Object Classes Challenge 2012 Development Kit", section 6.1.2 (annotation).
public struct PascalVOCImages: AnnotatedImages {
    /// Detection.
    public let task = VisionTask.detection
    /// From the caller, a `classes.txt`, or the objects: VOC's own order where they are VOC's, else that of the alphabet.
    public let classNames: [String]?
    /// Where pictures and annotations lie.
    public let source: String
    /// Files without a partner.
    public let warnings: [String]
    /// Number of pictures.
    public var count: Int { records.count }

    private let images: ChannelFiles
    private let annotations: ChannelFiles
    private let prefix: String
    private let records: [AnnotationPairs.Record]
    private let classOfName: [String: Int]

    /// VOC's classes, in its order.
    public static let classes = [
        "aeroplane", "bicycle", "bird", "boat", "bottle", "bus", "car", "cat", "chair", "cow", "diningtable", "dog", "horse", "motorbike",
        "person", "pottedplant", "sheep", "sofa", "train", "tvmonitor",
    ]

    /// Opens a folder in VOC's layout: `JPEGImages/`, `Annotations/` and the list `ImageSets/Main/<set>.txt`.
    ///
    /// - Parameters:
    ///   - files: everything in the folder, `VOC2012` in the original.
    ///   - set: the list's name, such as `train`; nil: every annotation.
    ///   - classNames: name of each class; nil: see ``classNames``, for which every file is read.
    /// - Throws: ``DatasetError`` where there is no such list, or no picture has an annotation; `StorageError`.
    public init(_ files: ChannelFiles, set: String?, classNames: [String]? = nil) throws {
        let all = files.paths.filter { $0.hasPrefix(Self.annotationFolder) && $0.hasSuffix(".xml") }
        var stems = all.map { $0.dropFirst(Self.annotationFolder.count).dropLast(4) }
        if let set {
            stems = try PascalVOCList.stems(Self.list(set), in: files) { files.contains("\(Self.annotationFolder)\($0).xml") }
        }
        let records = stems.map { stem -> AnnotationPairs.Record in
            let file = "\(Self.annotationFolder)\(stem).xml"
            return AnnotationPairs.Record(
                image: PascalVOCList.picture(stem, in: files), annotation: files.contains(file) ? file : nil)
        }
        try self.init(
            AnnotationPairs(.annotation, listed: records), images: files, annotations: files, prefix: PascalVOCList.pictureFolder,
            source: "VOC boxes of \(set.map { files.location(of: Self.list($0)) } ?? files.place)",
            classNames: classNames ?? ClassNames.read(ClassNames.fileName, in: files))
    }

    /// Pairs the pictures of one channel with the XML files of another, or of the same, by base name.
    ///
    /// - Parameters:
    ///   - images: the pictures.
    ///   - annotations: the XML files.
    ///   - classNames: as in ``init(_:set:classNames:)``.
    /// - Throws: ``DatasetError`` where no picture has an annotation; `StorageError`.
    public init(images: ChannelFiles, annotations: ChannelFiles, classNames: [String]? = nil) throws {
        let named =
            try classNames ?? ClassNames.read(ClassNames.fileName, in: annotations) ?? ClassNames.read(ClassNames.fileName, in: images)
        var pairs = AnnotationPairs(
            .annotation, images: images.images, annotations: annotations.paths.filter { $0.lowercased().hasSuffix(".xml") })
        // Where folders differ, `filename` tells.
        pairs.pairStrays { stray in try? XMLTree(annotations.bytes(of: stray))["filename"] }
        try self.init(
            pairs, images: images, annotations: annotations, prefix: "", source: "VOC boxes in \(annotations.place)", classNames: named)
    }

    private init(
        _ pairs: AnnotationPairs, images: ChannelFiles, annotations: ChannelFiles, prefix: String, source: String, classNames: [String]?
    ) throws {
        try pairs.requireOne(at: source)
        (self.images, self.annotations, self.prefix, self.source) = (images, annotations, prefix, source)
        (records, warnings) = (pairs.records, pairs.warnings(source))
        if let classNames {
            try ClassNames.check(classNames, at: source)
            self.classNames = classNames
        } else {
            let files = pairs.records.compactMap(\.annotation)
            let contents = concurrentMap(files.count) { index -> (names: Set<String>, isOfVOC: Bool) in
                let file = try? PascalVOCFile(annotations.bytes(of: files[index]), place: "")
                return (Set(file?.objects.map(\.name) ?? []), file?.folder?.hasPrefix("VOC") ?? false)
            }
            let found = contents.reduce(into: Set<String>()) { $0.formUnion($1.names) }
            // A part of VOC numbers its classes as all of it does; others' persons and cars are two classes.
            let isVOC = found.isSubset(of: Self.classes) && contents.contains(where: \.isOfVOC)
            self.classNames = isVOC ? Self.classes : found.sorted(by: FileSystem.utf8Order)
        }
        classOfName = Dictionary((self.classNames ?? []).enumerated().map { ($1, $0) }) { first, _ in first }
    }

    /// Picture `index`, not read, and its boxes; its place is the XML file.
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
        let image = records[index].image
        guard let name = records[index].annotation else {
            throw DatasetError(
                .unreadable, at: images.location(of: image), "the picture has no annotation",
                remedy: "add an XML of the same base name, or take the picture from the list")
        }
        let place = annotations.location(of: name)
        let file = try PascalVOCFile(annotations.bytes(of: name), place: place)
        let size = try file.size ?? PixelSize(ofPicture: images.bytes(of: image), place: images.location(of: image))
        let boxes = try file.objects.map { object in
            guard let number = classOfName[object.name] else {
                throw DatasetError(
                    .classes, at: place, "an object is called '\(object.name.prefix(60))', which is no class",
                    remedy: "correct the name, or add it to \(ClassNames.fileName)")
            }
            return object.box(number, in: size)
        }
        return (boxes, size, place)
    }

    fileprivate static let annotationFolder = "Annotations/"
    fileprivate static func list(_ set: String) -> String { "ImageSets/Main/\(set).txt" }
}

/// One annotation file.
struct PascalVOCFile {
    struct Object {
        let name: String
        /// `xmin, ymin, xmax, ymax` as written.
        let edges: [Double]
        let isDifficult: Bool

        /// Edges as fractions: pixels are counted from 1 in the file, and the last belongs to the object.
        func box(_ classID: Int, in size: PixelSize) -> BoundingBox {
            func lower(_ edge: Double) -> Double { (0..<1).contains(edge) ? 0 : edge - 1 }
            let (columns, rows) = (Double(size.width), Double(size.height))
            return BoundingBox(
                classID: classID, left: lower(edges[0]) / columns, top: lower(edges[1]) / rows, right: edges[2] / columns,
                bottom: edges[3] / rows, isDifficult: isDifficult)
        }
    }

    /// Nil where the file tells none, or 0.
    let size: PixelSize?
    let objects: [Object]
    /// The data set that the file says to belong to: `VOC2012`.
    let folder: String?

    init(_ bytes: [UInt8], place: String) throws {
        let root: XMLTree
        do throws(XMLTree.Fault) {
            root = try XMLTree(bytes)
        } catch {
            throw DatasetError(.malformed, at: "\(place):\(error.line)", error.problem, remedy: "write the annotation again")
        }
        guard root.name == "annotation" else {
            throw DatasetError(
                .malformed, at: place, "its root is <\(root.name.prefix(40))>, not <annotation>", remedy: "give Pascal VOC annotations")
        }
        let sides = root.child("size").map { size in ["width", "height"].map { Self.number(size[$0]) ?? 0 } } ?? []
        let isKnown = sides.count == 2 && sides.allSatisfy { $0 >= 1 && $0 < 0x1p30 && $0.rounded() == $0 }
        folder = root["folder"]
        size = isKnown ? PixelSize(width: Int(sides[0]), height: Int(sides[1])) : nil
        objects = try root.all("object").enumerated().map { number, object in
            func refused(_ problem: String) -> DatasetError {
                DatasetError(
                    .label, at: "\(place), object \(number)", problem, remedy: "write a name and a bndbox of xmin, ymin, xmax, ymax")
            }
            let name = Self.trimmed(object["name"] ?? "")
            guard !name.isEmpty else { throw refused("it has no name") }
            guard let frame = object.child("bndbox") else { throw refused("it has no bndbox") }
            let edges = try ["xmin", "ymin", "xmax", "ymax"].map { key in
                guard let value = Self.number(frame[key]) else {
                    throw refused(frame[key].map { "\(key) is '\($0.prefix(40))', not a number" } ?? "\(key) is missing")
                }
                return value
            }
            return Object(name: name, edges: edges, isDifficult: Self.number(object["difficult"]) == 1)
        }
    }

    private static func number(_ text: String?) -> Double? {
        guard let text, let value = Double(trimmed(text)), value.isFinite else { return nil }
        return value
    }

    private static func trimmed(_ text: String) -> String { text.trimmingCharacters(in: .whitespacesAndNewlines) }
}

/// Writes pictures and annotations in VOC's layout: `JPEGImages/`, `Annotations/`, `ImageSets/Main/train.txt`, and `classes.txt`.
///
/// Edges are rounded to whole pixels, which is all that VOC has; groups are written as difficult, so that no tool counts them. Pictures are
/// copied byte by byte. Used by one thread at a time. Source: as ``PascalVOCImages``.
public final class PascalVOCWriter: AnnotatedImageWriter {
    private let classNames: [String]?
    private var files: PictureFiles
    private let list: any ByteSink

    /// A writer of a set that does not exist yet.
    ///
    /// - Parameters:
    ///   - store: where the folders go.
    ///   - set: the list's name.
    ///   - classNames: what objects are called; nil: their classes' numbers.
    ///   - resume: goes on where an earlier run of the same data stopped: files that are there with the same size are kept.
    /// - Throws: ``DatasetError`` for a set that is there already without `resume`; `StorageError`.
    public init(_ store: any ObjectStore, set: String = "train", classNames: [String]? = nil, resume: Bool = false) throws {
        // Another set may be in the same folders; its pictures are kept apart by name.
        files = PictureFiles(store, resume: resume)
        try files.refuseExisting(prefix: PascalVOCImages.list(set))
        if let classNames { try ClassNames.check(classNames, beforeWritingTo: store) }
        self.classNames = classNames
        list = try store.create(PascalVOCImages.list(set))
    }

    /// Copies a picture and writes its annotation.
    /// - Throws: ``DatasetError`` for another annotation than boxes, a picture whose size is not known, and a name that another set has;
    ///   `StorageError`.
    public func write(_ image: AnnotatedImage) throws {
        let boxes = try image.boxesToWrite(classNames: classNames)
        let picture = try image.payload.encodedBytes()
        let size = try image.sizeToWrite(picture)
        let name = files.uniqueName(for: image.name, content: picture, byStem: true)
        let stem = ImageFileName.stem(of: name)
        var text = "<annotation>\n\t<folder>JPEGImages</folder>\n\t<filename>\(Self.escaped(name))</filename>\n"
        text += "\t<size><width>\(size.width)</width><height>\(size.height)</height><depth>3</depth></size>\n\t<segmented>0</segmented>\n"
        for box in boxes {
            let (left, right) = Self.pixels(box.left, box.right, of: size.width)
            let (top, bottom) = Self.pixels(box.top, box.bottom, of: size.height)
            let className = classNames.map { $0[box.classID] } ?? String(box.classID)
            text += "\t<object>\n\t\t<name>\(Self.escaped(className))</name>\n\t\t<pose>Unspecified</pose>\n\t\t<truncated>0</truncated>\n"
            text += "\t\t<difficult>\(box.isDifficult || box.isCrowd ? 1 : 0)</difficult>\n\t\t<bndbox>"
            text += "<xmin>\(left)</xmin><ymin>\(top)</ymin><xmax>\(right)</xmax><ymax>\(bottom)</ymax></bndbox>\n\t</object>\n"
        }
        try files.writeShared(picture, to: PascalVOCList.pictureFolder + name)
        try files.writeShared(Array((text + "</annotation>\n").utf8), to: "\(PascalVOCImages.annotationFolder)\(stem).xml")
        try list.write(Array((stem + "\n").utf8))
    }

    /// Gives the list its name and writes `classes.txt`.
    public func finish() throws {
        if let classNames { try ClassNames.write(classNames, to: files.store) }
        try list.commit()
    }

    /// First and last pixel, counted from 1. A box that is narrower than a pixel keeps one.
    private static func pixels(_ low: Double, _ high: Double, of side: Int) -> (Int, Int) {
        let first = Int((low * Double(side)).rounded()) + 1
        return (first, max(first, Int((high * Double(side)).rounded())))
    }

    private static func escaped(_ text: String) -> String {
        text.replacingOccurrences(of: "&", with: "&amp;").replacingOccurrences(of: "<", with: "&lt;")
            .replacingOccurrences(of: ">", with: "&gt;")
    }
}
