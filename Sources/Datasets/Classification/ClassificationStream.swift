/// Labelled images that come in order, once an epoch: a pipe, or files too large or too far away to be read in any order.
public struct ClassificationStream: Sendable {
    /// Name of each class; position = class number.
    public let classNames: [String]
    /// Whether labels are class numbers or multi-hot vectors; the same for all records.
    public let labelKind: ClassificationLabelKind
    /// What the records are read from, for people.
    public let source: String
    /// Records an epoch where somebody has said so; a stream that holds more or fewer is read to its end all the same.
    public let count: Int?
    /// Whether the pictures are the original files, which may be of any size, or were made for training.
    public let imagesAreFiles: Bool
    /// Things that are odd but no reason to stop, one sentence each.
    public let warnings: [String]
    private let opener: RecordFeed.Opener

    /// A stream whose epochs `opener` opens.
    ///
    /// - Parameters:
    ///   - source: what messages call it.
    ///   - classNames: position = class number.
    ///   - labelKind: class numbers or multi-hot vectors.
    ///   - count: records an epoch, if known.
    ///   - imagesAreFiles: whether pictures are original files.
    ///   - warnings: odd things that were met.
    ///   - opener: opens an epoch's stream.
    /// - Throws: ``DatasetError`` where names repeat or are empty.
    public init(
        source: String, classNames: [String], labelKind: ClassificationLabelKind, count: Int?, imagesAreFiles: Bool,
        warnings: [String] = [],
        opener: @escaping RecordFeed.Opener
    ) throws {
        try ClassNames.check(classNames, at: source)
        self.source = source
        self.classNames = classNames
        self.labelKind = labelKind
        self.count = count
        self.imagesAreFiles = imagesAreFiles
        self.warnings = warnings
        self.opener = opener
    }

    /// Reads ahead for one loader. `bounds`: ``ShuffleBounds/none`` keeps the order. `firstPass`: epochs that feeds before this one opened.
    public func feed(bounds: ShuffleBounds, seed: UInt64, firstPass: Int = 0) -> RecordFeed {
        RecordFeed(source: source, bounds: bounds, seed: seed, firstPass: firstPass, opener: opener)
    }

    /// A record of the stream as classification wants it.
    /// - Throws: ``DatasetError`` for a label that does not fit the classes.
    public func record(_ image: AnnotatedImage) throws -> ClassificationRecord {
        guard case .label(let label) = image.annotation else {
            throw DatasetError(
                .label, at: image.place, "it is a record for \(image.annotation.task.rawValue)", remedy: "give a label to each image")
        }
        try ClassificationDataset.check(label, kind: labelKind, classCount: classNames.count) { (image.place, image.name) }
        return ClassificationRecord(id: image.place, payload: image.payload, label: label)
    }
}

/// Where labelled images come from: storage that is read in any order, or a stream.
public enum ClassificationSource: Sendable {
    /// Records in any order.
    case dataset(ClassificationDataset)
    /// Records as they come.
    case stream(ClassificationStream)

    /// Name of each class; position = class number.
    public var classNames: [String] {
        switch self {
        case .dataset(let dataset): dataset.classNames
        case .stream(let stream): stream.classNames
        }
    }

    /// Whether labels are class numbers or multi-hot vectors.
    public var labelKind: ClassificationLabelKind {
        switch self {
        case .dataset(let dataset): dataset.labelKind
        case .stream(let stream): stream.labelKind
        }
    }

    /// What the records are read from, for people.
    public var source: String {
        switch self {
        case .dataset(let dataset): dataset.source
        case .stream(let stream): stream.source
        }
    }

    /// Number of records, where it is known.
    public var count: Int? {
        switch self {
        case .dataset(let dataset): dataset.count
        case .stream(let stream): stream.count
        }
    }

    /// Things that are odd but no reason to stop, one sentence each.
    public var warnings: [String] {
        switch self {
        case .dataset(let dataset): dataset.warnings
        case .stream(let stream): stream.warnings
        }
    }

    /// Whether pictures are original files, which may be of any size.
    public var imagesAreFiles: Bool {
        switch self {
        case .dataset(let dataset):
            switch try? dataset.record(at: 0).payload {
            case .file, .stored: true
            case .encoded, .pixels, nil: false
            }
        case .stream(let stream): stream.imagesAreFiles
        }
    }
}
