/// Labelled images in storage: what training, evaluation and the data check read.
///
/// A value: splitting makes two more that share the storage. Nothing is decoded here.
public struct ClassificationDataset: RandomAccessDataset {
    /// Name of each class; position = class number.
    public let classNames: [String]
    /// Whether labels are class numbers or multi-hot vectors; the same for all records.
    public let labelKind: ClassificationLabelKind
    /// What the records were read from, for people.
    public let source: String
    /// Things that are odd but no reason to stop, one sentence each.
    public let warnings: [String]
    /// The label of each record.
    public let labels: ClassificationLabels

    private let storage: any ClassificationStorage
    /// Storage index of each record; `nil` if the dataset is the whole storage.
    private let positions: [Int]?

    /// Number of records.
    public var count: Int { labels.count }

    /// A dataset over a storage of any format.
    ///
    /// - Parameters:
    ///   - storage: the images.
    ///   - labels: one label for each image: all class numbers below, or all vectors as long as, `classNames`.
    ///   - classNames: position = class number.
    ///   - source: what messages call the dataset.
    ///   - warnings: odd things that the reader met.
    /// - Throws: ``DatasetError`` if there are no images, counts differ, or a label does not fit the classes; it names the record.
    public init(
        storage: any ClassificationStorage, labels: some Sequence<ClassificationLabel>, classNames: [String], source: String,
        warnings: [String] = []
    ) throws {
        let labels = ClassificationLabels(labels)
        guard let first = labels.first else {
            throw DatasetError(.unreadable, at: source, "it holds no images", remedy: "check the path")
        }
        guard storage.count == labels.count else {
            throw DatasetError(
                .label, at: source, "\(labels.count) labels for \(storage.count) images", remedy: "give each image one label")
        }
        try ClassNames.check(classNames, at: source)
        // Millions of class numbers are looked at one by one only where one of them is wrong.
        let areRight = labels.numberRange.map { $0.lowerBound >= 0 && $0.upperBound < classNames.count } ?? false
        for (index, label) in (areRight ? [] : labels).enumerated() {
            try Self.check(label, kind: first.kind, classCount: classNames.count) {
                (storage.labelPlace(at: index), storage.name(at: index))
            }
        }
        self.init(
            storage: storage, positions: nil, labels: labels, classNames: classNames, labelKind: first.kind, source: source,
            warnings: warnings)
    }

    private init(
        storage: any ClassificationStorage, positions: [Int]?, labels: ClassificationLabels, classNames: [String],
        labelKind: ClassificationLabelKind, source: String, warnings: [String]
    ) {
        self.storage = storage
        self.positions = positions
        self.labels = labels
        self.classNames = classNames
        self.labelKind = labelKind
        self.source = source
        self.warnings = warnings
    }

    /// Record `index`, not decoded.
    ///
    /// - Throws: ``DatasetError`` if the index is not in 0 ..< ``count`` or the storage cannot give the record.
    public func record(at index: Int) throws -> ClassificationRecord {
        let image = try image(at: index)
        return ClassificationRecord(id: image.id, payload: image.payload, label: labels[index])
    }

    /// The image of record `index` with its names.
    func image(at index: Int) throws -> ClassificationImage {
        guard labels.indices.contains(index) else {
            throw DatasetError(
                .argument, at: source, "there is no record \(index), only \(count) records from 0", remedy: "use an index below the count")
        }
        return try storage.image(at: positions?[index] ?? index)
    }

    /// Number of records of each class. A multi-label record counts once for each class that it shows (value above ½).
    public var histogram: [Int] {
        var counts = [Int](repeating: 0, count: classNames.count)
        for label in labels {
            switch label {
            case .single(let value): counts[value] += 1
            case .multi(let values): for (index, value) in values.enumerated() where value > 0.5 { counts[index] += 1 }
            }
        }
        return counts
    }

    /// The records at `indices`, in that order.
    ///
    /// `part`: what to add to ``source``, such as "10 % held out".
    /// - Throws: ``DatasetError`` if there are no indices or one is not in 0 ..< ``count``.
    public func subset(_ indices: [Int], called part: String) throws -> ClassificationDataset {
        guard !indices.isEmpty else {
            throw DatasetError(.argument, at: source, "a part of it (\(part)) would be empty", remedy: "choose at least one record")
        }
        if let wrong = indices.first(where: { !labels.indices.contains($0) }) {
            throw DatasetError(
                .argument, at: source, "there is no record \(wrong), only \(count) records from 0", remedy: "use indices below the count")
        }
        return ClassificationDataset(
            storage: storage, positions: indices.map { positions?[$0] ?? $0 }, labels: labels.subset(indices),
            classNames: classNames, labelKind: labelKind, source: "\(source), \(part)", warnings: warnings)
    }

    /// The same records with their images in another place.
    func replacingPayloads(_ place: @escaping @Sendable (ImagePayload) -> ImagePayload) -> ClassificationDataset {
        ClassificationDataset(
            storage: ReplacedPayloads(storage: storage, place: place), positions: positions, labels: labels, classNames: classNames,
            labelKind: labelKind, source: source, warnings: warnings)
    }

    /// Throws where a label does not fit the classes. `place`: where the label and the record are.
    static func check(
        _ label: ClassificationLabel, kind: ClassificationLabelKind, classCount: Int, where place: () -> (label: String, record: String)
    ) throws {
        func fail(_ problem: String, _ remedy: String) -> DatasetError {
            let (place, record) = place()
            return DatasetError(.label, at: place, place == record ? problem : "\(problem) ('\(record)')", remedy: remedy)
        }
        switch label {
        case _ where label.kind != kind:
            throw fail("its label is \(label.kind)-label where the others are \(kind)-label", "label all records in one way")
        case .single(let value) where value < 0 || value >= classCount:
            throw fail("label \(value) is not in 0…\(classCount - 1) (num_classes is \(classCount))", "correct the label, or num_classes")
        case .multi(let values) where values.count != classCount:
            throw fail("\(values.count) labels, but num_classes is \(classCount)", "give each record one value for each class")
        case .multi(let values):
            if let wrong = values.first(where: { !(0...1).contains($0) }) {
                throw fail("the multi-hot value \(wrong) is not in 0…1", "write 1 where the image shows the class and 0 where not")
            }
        case .single:
            break
        }
    }
}
