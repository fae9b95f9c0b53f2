import Imaging
import Machine
import Storage

/// A form in which a data set can be written.
///
/// Source: spec data-formats.md.
public enum DatasetFormat: String, Sendable, CaseIterable {
    /// One folder of pictures a class.
    case folders
    /// Pictures and an im2rec `.lst`.
    case list
    /// `.rec`, with `.idx` and `.lst` beside it.
    case recordio
    /// An augmented manifest (JSON Lines), pictures beside it.
    case manifest
    /// Pictures in `train/`, PNG masks in `train_annotation/`.
    case masks
    /// Pictures in `train/`, a JSON of boxes for each in `train_annotation/`: SageMaker's.
    case boxes
    /// COCO's: pictures in `train/`, boxes in `annotations/instances_train.json`.
    case coco
    /// Pascal VOC's: `JPEGImages/`, `Annotations/`, `ImageSets/Main/train.txt`.
    case voc
    /// YOLO's: `images/train/`, `labels/train/`, `data.yaml`.
    case yolo

    /// Tasks whose annotations it can hold.
    public var tasks: [VisionTask] {
        switch self {
        case .folders, .list: [.classification]
        case .recordio: [.classification, .detection]
        case .manifest: VisionTask.allCases
        case .masks: [.segmentation]
        case .boxes, .coco, .voc, .yolo: [.detection]
        }
    }

    /// Whether a crowd (COCO's `iscrowd`) stays one, or may be told by "difficult".
    var keepsCrowds: Bool { self == .coco || self == .voc }
    /// Whether boxes stay "difficult".
    var keepsDifficult: Bool { keepsCrowds || self == .recordio }

    /// Begins to write a data set like `images`.
    ///
    /// - Parameters:
    ///   - images: whose class names and label map are kept.
    ///   - store: where to.
    ///   - name: of the channel: `train` gives `train.rec`, `train.manifest`, `train/`.
    ///   - resume: whether to go on with what an interrupted run has left.
    /// - Returns: the writer, and the record to go on with: 0 where pictures that are there already are only compared.
    /// - Throws: ``DatasetError`` where the format has no place for the annotations or something else lies there; `StorageError`.
    public func writer(
        for images: any AnnotatedImages, to store: any ObjectStore, name: String, resume: Bool
    ) throws -> (writer: any AnnotatedImageWriter, first: Int) {
        guard tasks.contains(images.task) else {
            let fitting = Self.allCases.filter { $0.tasks.contains(images.task) }.map(\.rawValue)
            throw DatasetError(
                .argument, at: images.source, "'\(rawValue)' can't hold annotations for \(images.task.rawValue)",
                remedy: "choose one of \(ClassNames.listed(fitting))")
        }
        let names = images.classNames
        switch self {
        case .folders: return (try ClassFolderWriter(store, classNames: names, resume: resume), 0)
        case .list: return (try ImageListWriter(store, name: name, classNames: names, resume: resume), 0)
        case .recordio:
            let writer = try RecordIOImageWriter(store, name: name, classNames: names, resume: resume)
            return (writer, writer.count)
        case .manifest:
            var options = ManifestWriter.Options()
            options.labelMap = images.labelMap
            options.resume = resume
            return (try ManifestWriter(name + ".manifest", in: store, task: images.task, classNames: names, options: options), 0)
        case .masks:
            return (try MaskWriter(store, channel: name, classNames: names, labelMap: images.labelMap, resume: resume), 0)
        case .boxes: return (try BoxFileWriter(store, channel: name, classNames: names, resume: resume), 0)
        case .coco: return (try COCOWriter(store, channel: name, classNames: names, resume: resume), 0)
        case .voc: return (try PascalVOCWriter(store, set: name, classNames: names, resume: resume), 0)
        case .yolo: return (try YOLOWriter(store, set: name, classNames: names, resume: resume), 0)
        }
    }
}

extension AnnotatedImages {
    /// Writes every record in order. Memory holds one record at a time, or a few for each processor where pictures are made smaller.
    ///
    /// - Parameters:
    ///   - format: how.
    ///   - store: where to.
    ///   - name: of the channel.
    ///   - resume: whether to go on with what an interrupted run has left.
    ///   - shrinking: makes large pictures smaller; nil: their bytes stay as they are.
    ///   - progress: called with the number of records done; throws to stop.
    /// - Returns: what the format has no place for, one sentence each.
    /// - Throws: ``DatasetError`` for a record that can't be read or written; `StorageError`. What was there before is left as it was.
    @discardableResult public func write(
        as format: DatasetFormat, to store: any ObjectStore, name: String, resume: Bool, shrinking: PictureShrinking? = nil,
        progress: (Int) throws -> Void = { _ in }
    ) throws -> [String] {
        let conversion = ConversionRecord(
            source: source, count: count, classes: classNames, task: task.rawValue, format: "\(format)",
            shrinking: shrinking)
        if resume, try conversion.isKept(in: store, name: name), format == .recordio, try store.information(about: name + ".rec") != nil {
            // The last file to get its name: nothing is left to do.
            return []
        }
        let (writer, first) = try format.writer(for: self, to: store, name: name, resume: resume)
        try conversion.keep(in: store, name: name)
        var marks = BoxMarks(format)
        let step = shrinking == nil ? 1 : 4 * ProcessorCores.available
        for start in stride(from: min(first, count), to: count, by: step) {
            let numbers = start..<min(start + step, count)
            for (number, record) in zip(numbers, try records(numbers, shrinking)) {
                try writer.write(try marks.fitted(record))
                try progress(number + 1)
            }
        }
        try writer.finish()
        return marks.notes
    }
}

/// What becomes of the marks of boxes in a format that has none: a crowd is left out, as it is of training, for as an ordinary object it
/// would be learned.
private struct BoxMarks {
    let format: DatasetFormat
    private var crowds = 0
    private var difficult = 0

    init(_ format: DatasetFormat) { self.format = format }

    mutating func fitted(_ image: AnnotatedImage) throws -> AnnotatedImage {
        guard case .boxes(var boxes) = image.annotation else { return image }
        var image = image
        // Where no size is kept nothing would tell later that boxes are those of the picture before EXIF turns it.
        if let stated = image.statedSize, format == .yolo || format == .recordio, image.payload.isEncoded,
            case let bytes = try image.payload.encodedBytes(),
            let header = try? ImageHeader(of: bytes)
        {
            let shape = PictureShape(header)
            boxes = boxes.upright(in: shape, stated: stated)
            if shape.isStoredSize(stated) { image.statedSize = shape.size }
            image.payload = .encoded(bytes)
        }
        let kept = format.keepsCrowds ? boxes : boxes.filter { !$0.isCrowd }
        crowds += boxes.count - kept.count
        if !format.keepsDifficult { difficult += kept.count(where: \.isDifficult) }
        image.annotation = .boxes(kept)
        return image
    }

    var notes: [String] {
        func sentence(_ count: Int, _ one: String, _ many: String) -> [String] {
            count == 0 ? [] : [count == 1 ? "1 \(one)" : "\(count) \(many)"]
        }
        return sentence(
            crowds, "crowd was left out: \(format.rawValue) can't tell it from an object",
            "crowds were left out: \(format.rawValue) can't tell them from objects")
            + sentence(
                difficult, "difficult box became an ordinary one, as \(format.rawValue) has no others",
                "difficult boxes became ordinary ones, as \(format.rawValue) has no others")
    }
}
