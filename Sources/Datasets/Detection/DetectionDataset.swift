/// Pictures with boxes in storage: what training and evaluation of detection read.
///
/// A value: splitting makes two more that share the storage. Opening reads every annotation, on several threads, and no picture where the
/// format keeps the two apart; the boxes themselves are read again with their record.
public struct DetectionDataset: TargetedImages {
    /// Name of each class; position = class number.
    public let classNames: [String]
    /// What the records were read from, for people.
    public let source: String
    /// Things that are odd but no reason to stop, one sentence each.
    public let warnings: [String]
    /// Number of records.
    public var count: Int { classes.count }

    private let images: any AnnotatedImages
    /// Number in the storage of each record; `nil` if the data set is the whole storage.
    private let positions: [Int]?
    /// The classes of each record's objects.
    private let classes: [[Int32]]

    /// Opens a data set.
    ///
    /// - Parameters:
    ///   - images: a data set of task ``VisionTask/detection``.
    ///   - classNames: the classes in a model's order; the data must not contradict them.
    ///   - classCount: `num_classes`: every object's class must lie below it.
    ///   - labelWidth: `label_width`: no picture may have more objects than it has room for; nil: as many as there are.
    ///   - requiresPictures: whether every picture that an annotation names must be there, where that can be told without reading it.
    /// - Throws: ``DatasetError`` for another task, no pictures, pictures that are not there, the first annotation that can't be read or has an edge that is not finite,
    ///   classes that don't fit, and a `label_width` that is too small, with the one that is needed.
    public init(
        _ images: any AnnotatedImages, classNames: [String]? = nil, classCount: Int? = nil, labelWidth: Int? = nil,
        requiresPictures: Bool = false
    ) throws {
        guard images.task == .detection else {
            throw DatasetError(
                .argument, at: images.source, "it is for \(images.task.rawValue), not detection",
                remedy: "give a data set with boxes for each picture")
        }
        guard images.count > 0 else {
            throw DatasetError(.unreadable, at: images.source, "it holds no images", remedy: "check the path")
        }
        try ClassificationDataset.check(classNames: classNames, classCount: classCount)
        let found = images.classNames(fitting: classCount)
        let limit = classCount ?? classNames?.count ?? found?.count ?? ImageListReader.highestPlausibleLabel + 1
        let scan = try BoxScan(images, classCount: limit)
        if requiresPictures { try scan.requirePictures(images) }
        if let labelWidth, DetectionRecord.labelWidth(objects: scan.mostObjects.count) > labelWidth {
            throw DetectionRecord.tooManyObjects(
                scan.mostObjects.count, labelWidth: labelWidth, at: BoxScan.place(scan.mostObjects.record, in: images))
        }
        let highest = scan.classes.lazy.compactMap { $0.max() }.max() ?? 0
        var notes = scan.notes(images)
        if let classCount, let names = images.classNames, names.count > classCount {
            notes.append("\(images.source): it names \(names.count) classes; the first \(classCount) are used, as num_classes says")
        }
        self.init(
            images: images, positions: nil, classes: scan.classes,
            classNames: try ClassNames.resolve(
                found: found, given: classNames, classCount: classCount, labelCount: Int(highest) + 1, at: images.source),
            source: images.source, warnings: images.warnings + notes)
        try ClassNames.check(self.classNames, at: source)
    }

    private init(
        images: any AnnotatedImages, positions: [Int]?, classes: [[Int32]], classNames: [String], source: String, warnings: [String]
    ) {
        self.images = images
        self.positions = positions
        self.classes = classes
        self.classNames = classNames
        self.source = source
        self.warnings = warnings
    }

    /// Record `index`, not decoded.
    /// - Throws: ``DatasetError`` if the index is not in 0 ..< ``count`` or the storage cannot give the record.
    public func record(at index: Int) throws -> DetectionRecord {
        guard classes.indices.contains(index) else { throw absent(index) }
        let image = try images.record(at: positions?[index] ?? index)
        guard case .boxes(let boxes) = image.annotation else {
            throw DatasetError(.label, at: image.place, "it has no boxes", remedy: "give boxes to each image")
        }
        // The file may have been changed since it was counted.
        for (number, box) in boxes.enumerated() { try box.check(number, classCount: classNames.count, at: image.place) }
        return DetectionRecord(id: image.pictureLocation, payload: image.payload, boxes: boxes, statedSize: image.statedSize)
    }

    private func absent(_ index: Int) -> DatasetError {
        DatasetError(
            .argument, at: source, "there is no record \(index), only \(count) records from 0", remedy: "use an index below the count")
    }

    /// Number of objects of each class.
    public var histogram: [Int] {
        classes.reduce(into: [Int](repeating: 0, count: classNames.count)) { counts, record in
            for value in record { counts[Int(value)] += 1 }
        }
    }

    /// Objects in all pictures.
    public var objectCount: Int { classes.reduce(0) { $0 + $1.count } }
    /// Objects in the picture that has most.
    public var mostObjects: Int { classes.lazy.map(\.count).max() ?? 0 }
    /// Pictures that show nothing.
    public var emptyCount: Int { classes.lazy.filter(\.isEmpty).count }

    /// The records at `indices`, in that order.
    ///
    /// `part`: what to add to ``source``, such as "10 % held out".
    /// - Throws: ``DatasetError`` if there are no indices or one is not in 0 ..< ``count``.
    public func subset(_ indices: [Int], called part: String) throws -> DetectionDataset {
        guard !indices.isEmpty else {
            throw DatasetError(.argument, at: source, "a part of it (\(part)) would be empty", remedy: "choose at least one record")
        }
        if let wrong = indices.first(where: { !classes.indices.contains($0) }) { throw absent(wrong) }
        return DetectionDataset(
            images: images, positions: indices.map { positions?[$0] ?? $0 }, classes: indices.map { classes[$0] },
            classNames: classNames, source: "\(source), \(part)", warnings: warnings)
    }

    /// Holds out a part of the records for validation, the same for the same seed: a share of the pictures of every class, each picture
    /// counted with the rarest class that it shows. Order within both parts is that of the storage.
    ///
    /// - Parameters:
    ///   - fraction: share to hold out, 0 < fraction < 1.
    ///   - seed: decides which records.
    /// - Throws: ``DatasetError`` if the fraction is out of range or there are too few records to hold any out.
    public func split(fraction: Double, seed: UInt64) throws -> (training: DetectionDataset, validation: DetectionDataset) {
        let counts = histogram
        var groups = [[Int]](repeating: [], count: counts.count + 1)
        for (index, record) in classes.enumerated() {
            let rarest = record.min { (counts[Int($0)], $0) < (counts[Int($1)], $1) }
            groups[rarest.map(Int.init) ?? counts.count].append(index)
        }
        let parts = try HeldOutPart(
            of: groups.filter { !$0.isEmpty }, count: count, fraction: fraction, seed: seed, source: source)
        return (try subset(parts.kept, called: parts.keptTitle), try subset(parts.heldOut, called: parts.heldOutTitle))
    }
}
