/// Pictures with masks in storage: what training and evaluation of segmentation read.
///
/// A value: splitting makes two more that share the storage.
///
/// What is wrong with masks is refused by name, as early as it can be known at a sensible price. Opening finds a picture without a mask and,
/// for files of this machine, a mask in colours, of 16 bits or in JPEG, and most of another size than their picture. The rest — a class that
/// there is not, damage, masks in a bucket — is found where the mask is read for a mini-batch (``SegmentationRecord/decodedMask(picture:)``),
/// and `DataCheck` finds all of it before training. Where neither `num_classes` nor names say how many classes there are, opening decodes
/// every mask to count them. A mask without any labelled pixel is handled: it teaches nothing and no metric counts it.
public struct SegmentationDataset: TargetedImages {
    /// Name of each class; position = class number.
    public let classNames: [String]
    /// What the records were read from, for people.
    public let source: String
    /// Things that are odd but no reason to stop, one sentence each.
    public let warnings: [String]
    /// Number of records.
    public var count: Int { positions?.count ?? images.count }

    private let images: any AnnotatedImages
    private let labelMap: LabelMap
    /// Number in the storage of each record; `nil` if the data set is the whole storage.
    private let positions: [Int]?

    /// The contract's limits: background included, and 255 is no class.
    static let classCounts = 2...254

    /// Opens a data set.
    ///
    /// - Parameters:
    ///   - images: a data set of task ``VisionTask/segmentation``.
    ///   - classNames: the classes in a model's order; the data must not contradict them.
    ///   - classCount: `num_classes`, background included.
    ///   - labelMap: how values of the masks become classes; nil: as the data say.
    ///   - requiresAll: whether every picture that outlines are of must be there, and every object have an outline, as far as that can be told
    ///     without reading pictures.
    /// - Throws: ``DatasetError`` for another task, no pictures, the first picture without a mask or with one that is seen not to fit, and
    ///   classes that don't fit.
    public init(
        _ images: any AnnotatedImages, classNames: [String]? = nil, classCount: Int? = nil, labelMap: LabelMap? = nil,
        requiresAll: Bool = false
    ) throws {
        guard images.task == .segmentation else {
            throw DatasetError(
                .argument, at: images.source, "it is for \(images.task.rawValue), not segmentation",
                remedy: "give a data set with a mask for each picture")
        }
        guard images.count > 0 else {
            throw DatasetError(.unreadable, at: images.source, "it holds no images", remedy: "check the path")
        }
        try ClassificationDataset.check(classNames: classNames, classCount: classCount)
        let map = labelMap ?? images.labelMap
        let found = Self.names(of: images, expected: classNames, count: classCount)
        let readsValues = found == nil && classNames == nil && classCount == nil
        let scan = try MaskScan(images, labelMap: map, readsValues: readsValues, isStrict: requiresAll)
        let names = try ClassNames.resolve(
            found: found, given: classNames, classCount: classCount, labelCount: scan.highestClass + 1, at: images.source)
        guard Self.classCounts.contains(names.count) else {
            throw DatasetError(
                .classes, at: images.source, "\(names.count == 1 ? "there is 1 class" : "there are \(names.count) classes"), not 2 to 254",
                remedy: "set num_classes to the number of classes, background included")
        }
        try ClassNames.check(names, at: images.source)
        self.init(
            images: images, positions: nil, labelMap: map, classNames: names, source: images.source,
            warnings: images.warnings + scan.notes(images.source))
    }

    private init(
        images: any AnnotatedImages, positions: [Int]?, labelMap: LabelMap, classNames: [String], source: String, warnings: [String]
    ) {
        self.images = images
        self.positions = positions
        self.labelMap = labelMap
        self.classNames = classNames
        self.source = source
        self.warnings = warnings
    }

    /// The names that the data carry. A manifest's metadata name the classes that its masks show, which need not be all: the others take the
    /// names that are expected, or their numbers.
    private static func names(of images: any AnnotatedImages, expected: [String]?, count: Int?) -> [String]? {
        guard let found = images.classNames, images is ManifestImages, let count = count ?? expected?.count, found.count <= count else {
            return images.classNames
        }
        return (0..<count).map { number in
            let name = number < found.count ? found[number] : String(number)
            return name == String(number) ? expected?[number] ?? name : name
        }
    }

    /// Record `index`, not decoded.
    /// - Throws: ``DatasetError`` if the index is not in 0 ..< ``count`` or the storage cannot give the record.
    public func record(at index: Int) throws -> SegmentationRecord {
        guard index >= 0, index < count else { throw absent(index) }
        return try SegmentationRecord(images.record(at: positions?[index] ?? index), labelMap: labelMap, classCount: classNames.count)
    }

    private func absent(_ index: Int) -> DatasetError {
        DatasetError(
            .argument, at: source, "there is no record \(index), only \(count) records from 0", remedy: "use an index below the count")
    }

    /// The records at `indices`, in that order.
    ///
    /// `part`: what to add to ``source``, such as "10 % held out".
    /// - Throws: ``DatasetError`` if there are no indices or one is not in 0 ..< ``count``.
    public func subset(_ indices: [Int], called part: String) throws -> SegmentationDataset {
        guard !indices.isEmpty else {
            throw DatasetError(.argument, at: source, "a part of it (\(part)) would be empty", remedy: "choose at least one record")
        }
        if let wrong = indices.first(where: { $0 < 0 || $0 >= count }) { throw absent(wrong) }
        return SegmentationDataset(
            images: images, positions: indices.map { positions?[$0] ?? $0 }, labelMap: labelMap, classNames: classNames,
            source: "\(source), \(part)", warnings: warnings)
    }

    /// Holds out a part of the records for validation, the same for the same seed: a share of all pictures, whatever they show. Order within
    /// both parts is that of the storage.
    ///
    /// - Parameters:
    ///   - fraction: share to hold out, 0 < fraction < 1.
    ///   - seed: decides which records.
    /// - Throws: ``DatasetError`` if the fraction is out of range or there are too few records to hold any out.
    public func split(fraction: Double, seed: UInt64) throws -> (training: SegmentationDataset, validation: SegmentationDataset) {
        let parts = try HeldOutPart(of: [Array(0..<count)], count: count, fraction: fraction, seed: seed, source: source)
        return (try subset(parts.kept, called: parts.keptTitle), try subset(parts.heldOut, called: parts.heldOutTitle))
    }
}
