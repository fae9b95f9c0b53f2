/// Labelled images that come in order, once an epoch.
public struct ClassificationStream: TargetedStream {
    /// Whether labels are class numbers or multi-hot vectors; the same for all records.
    public let labelKind: ClassificationLabelKind
    /// Where the records come from.
    public let content: StreamContent

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
        self.labelKind = labelKind
        content = try StreamContent(
            source: source, classNames: classNames, count: count, imagesAreFiles: imagesAreFiles, warnings: warnings, opener: opener)
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

extension ClassificationRecord: TargetedImage {}
extension ClassificationDataset: TargetedImages {}

/// Where labelled images come from: storage that is read in any order, or a stream.
public typealias ClassificationSource = ImageSource<ClassificationDataset, ClassificationStream>

extension ImageSource where Dataset == ClassificationDataset, Stream == ClassificationStream {
    /// Whether labels are class numbers or multi-hot vectors.
    public var labelKind: ClassificationLabelKind {
        switch self {
        case .dataset(let dataset): dataset.labelKind
        case .stream(let stream): stream.labelKind
        }
    }
}
