import Storage

extension ClassificationDataset {
    /// Any data set of classes — class folders and lists in a bucket, RecordIO, manifests — for training and evaluation.
    ///
    /// Reads every annotation, and no picture where the format keeps the two apart (``AnnotatedImages/annotation(at:)``).
    ///
    /// - Parameters:
    ///   - images: a data set of task ``VisionTask/classification``.
    ///   - classNames: the classes in a model's order; the data must not contradict them.
    ///   - classCount: `num_classes`.
    /// - Throws: ``DatasetError`` for another task, the first annotation that is broken, and labels that don't fit the classes.
    public init(_ images: some AnnotatedImages, classNames: [String]? = nil, classCount: Int? = nil) throws {
        try Self.check(classNames: classNames, classCount: classCount)
        var content = try ClassificationContent(images)
        content.classNames = images.classNames(fitting: classCount)
        try self.init(content, classNames: classNames, classCount: classCount)
    }

    /// The same records as every writer and converter takes them.
    public var annotatedImages: LabelledImages { LabelledImages(dataset: self) }
}

/// A ``ClassificationDataset`` seen as pictures with annotations.
public struct LabelledImages: AnnotatedImages {
    let dataset: ClassificationDataset

    /// Classification.
    public var task: VisionTask { .classification }
    /// The data set's class names.
    public var classNames: [String]? { dataset.classNames }
    /// What the data set was read from.
    public var source: String { dataset.source }
    /// The data set's oddities.
    public var warnings: [String] { dataset.warnings }
    /// Number of records.
    public var count: Int { dataset.count }

    /// Record `index`, not decoded.
    public func record(at index: Int) throws -> AnnotatedImage {
        let image = try dataset.image(at: index)
        return AnnotatedImage(
            name: image.fileName, payload: image.payload, annotation: .label(dataset.labels[index]), place: image.labelPlace)
    }

    /// The data set's labels.
    public func labels() throws -> ClassificationLabels { dataset.labels }

    /// The label of record `index`.
    public func annotation(at index: Int) throws -> Annotation {
        try check(index)
        return .label(dataset.labels[index])
    }
}

extension ClassificationContent {
    /// Takes the labels out of a data set, whose records become the storage.
    init(_ images: some AnnotatedImages) throws {
        guard images.task == .classification else {
            throw DatasetError(
                .argument, at: images.source, "it is for \(images.task.rawValue), not classification",
                remedy: "give a data set with one class, or several, for each picture")
        }
        labels = try images.labels()
        storage = AnnotatedStorage(images: images)
        classNames = images.classNames
        source = images.source
        warnings = images.warnings
    }
}

/// The pictures of any ``AnnotatedImages`` as a storage.
private struct AnnotatedStorage<Images: AnnotatedImages>: ClassificationStorage {
    let images: Images

    var count: Int { images.count }

    // Both are asked for in messages only; a record that can't be read has its number.
    func name(at index: Int) -> String { (try? image(at: index).id) ?? "\(images.source), record \(index)" }
    func labelPlace(at index: Int) -> String { (try? image(at: index).labelPlace) ?? "\(images.source), record \(index)" }

    func payload(at index: Int) throws -> ImagePayload { try images.record(at: index).payload }

    func image(at index: Int) throws -> ClassificationImage {
        let record = try images.record(at: index)
        return ClassificationImage(
            id: record.pictureLocation, fileName: record.name, labelPlace: record.place, payload: record.payload)
    }
}
