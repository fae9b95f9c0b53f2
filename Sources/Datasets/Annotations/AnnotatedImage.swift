import Storage

/// Which question a data set answers.
public enum VisionTask: String, Sendable, Equatable, CaseIterable {
    /// What a picture shows.
    case classification
    /// Which objects a picture holds, and where.
    case detection
    /// The class of every pixel.
    case segmentation

    /// The task for people; with hyphens, model hubs' name for it.
    public var title: String {
        switch self {
        case .classification: "image classification"
        case .detection: "object detection"
        case .segmentation: "image segmentation"
        }
    }
}

/// What somebody has said about a picture.
public enum Annotation: Sendable {
    /// The picture's class or classes.
    case label(ClassificationLabel)
    /// The objects in the picture; none is an answer, too.
    case boxes([BoundingBox])
    /// Where the classes of its pixels are: a single-channel picture, 255 = not labelled (``LabelMap`` already applied by none: see
    /// ``AnnotatedImages/labelMap``).
    case mask(ImagePayload)

    /// The task that this is an answer to.
    public var task: VisionTask {
        switch self {
        case .label: .classification
        case .boxes: .detection
        case .mask: .segmentation
        }
    }
}

/// A picture and what was said about it, nothing decoded: what every format's reader gives and every writer takes.
public struct AnnotatedImage: Sendable {
    /// A relative path that names the picture in its data set, `cats/1.jpg`; formats without names make one of the record's number.
    public var name: String
    /// The picture.
    public var payload: ImagePayload
    /// What was said about it.
    public var annotation: Annotation
    /// Where a user would correct the annotation: `train.lst:18`, `a.json`, `train.rec, record 3`.
    public var place: String
    /// The size that the annotation itself states, where it does; the picture's own may differ, which is a fault that `check` reports.
    public var statedSize: PixelSize?

    /// Puts a record together.
    public init(name: String, payload: ImagePayload, annotation: Annotation, place: String, statedSize: PixelSize? = nil) {
        self.name = name
        self.payload = payload
        self.annotation = annotation
        self.place = place
        self.statedSize = statedSize
    }
}

extension AnnotatedImage {
    /// Where a user would find the picture: its file, or the place of the record that holds it.
    public var pictureLocation: String { payload.location ?? place }
}

/// A data set whose records can be read in any order, by number: what a reader of files gives.
///
/// ``RandomAccessDataset/record(at:)`` throws ``DatasetError`` for a record that breaks its format, and goes on with any other: the data
/// check reads them all. Opening throws only where nothing can be read at all.
public protocol AnnotatedImages: RandomAccessDataset where Record == AnnotatedImage {
    /// The task that the annotations are for.
    var task: VisionTask { get }
    /// Name of each class where the format knows them; position = class number.
    var classNames: [String]? { get }
    /// What the records were read from, for people: `COCO boxes in instances.json`.
    var source: String { get }
    /// Things that are odd but no reason to stop, one sentence each.
    var warnings: [String] { get }
    /// How values of masks become classes; ``LabelMap/identity`` where masks hold class ids.
    var labelMap: LabelMap { get }

    /// What was said about record `index`, without touching the picture where the format allows: for counting classes.
    /// - Throws: ``DatasetError`` as ``RandomAccessDataset/record(at:)``, for the annotation alone.
    func annotation(at index: Int) throws -> Annotation

    /// The label of every record of a data set for classification.
    /// - Throws: ``DatasetError``: the first record's that has none.
    func labels() throws -> ClassificationLabels
}

extension AnnotatedImages {
    /// No oddities.
    public var warnings: [String] { [] }
    /// Masks hold class ids.
    public var labelMap: LabelMap { .identity }
    /// Reads the record for it.
    public func annotation(at index: Int) throws -> Annotation { try record(at: index).annotation }
    /// Asks for one annotation after the other.
    public func labels() throws -> ClassificationLabels {
        var labels = ClassificationLabels()
        for index in 0..<count {
            guard case .label(let label) = try annotation(at: index) else {
                throw DatasetError(.label, at: "\(source), record \(index)", "its annotation is no class label", remedy: "check the format")
            }
            labels.append(label)
        }
        return labels
    }

    /// The class names with `num_classes` in mind: those that were gathered from annotations need not be all. Boxes may come with a catalogue
    /// of which they use the beginning; one that uses more is found where it stands.
    func classNames(fitting count: Int?) -> [String]? {
        guard task == .detection || self is ManifestImages else { return classNames }
        let fitted = classNames.map { ClassNames.fitted($0, to: count) }
        return task == .detection ? fitted.map { Array($0.prefix(count ?? .max)) } : fitted
    }

    /// The error for an index that is not in 0 ..< `count`.
    func check(_ index: Int) throws {
        guard index >= 0, index < count else {
            throw DatasetError(
                .argument, at: source, "there is no record \(index), only \(count) records from 0", remedy: "use an index below the count")
        }
    }
}

/// Records that come in order and once: a pipe, a manifest of millions of lines, a RecordIO file in a bucket. Used by one thread at a time.
public protocol AnnotatedImageStream: AnyObject, Sendable {
    /// The next record; nil at the end, and from then on.
    ///
    /// - Throws: ``DatasetError`` for a broken record; `isRecoverable` says whether the next call goes on behind it.
    func next() throws -> AnnotatedImage?

    /// Whether the stream can go on after the error that `next()` has thrown last.
    var isRecoverable: Bool { get }
}

/// Writes records of one format into a store, in order. Nothing that existed is lost before ``finish()``.
public protocol AnnotatedImageWriter: AnyObject {
    /// Adds a record.
    /// - Throws: ``DatasetError`` where the format can't hold it; `StorageError` where the store refuses.
    func write(_ image: AnnotatedImage) throws

    /// Writes what comes last (indices, class names) and makes everything visible.
    /// - Throws: as `write`.
    func finish() throws
}
