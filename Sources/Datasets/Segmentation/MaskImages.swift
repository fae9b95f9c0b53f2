import Storage

/// Pictures with a PNG mask each, paired by base name: SageMaker's `train/a.jpg` with `train_annotation/a.png`.
///
/// Nothing but names is read before a record's bytes are wanted, and a record decodes nothing:
/// ``AnnotatedImage/decodedMask(labelMap:picture:)`` finds a mask that can't be used. A picture without a mask is an error of its
/// record; masks without a picture and other files are counted in ``warnings``.
///
/// Source: spec data-formats.md, "Segmentation, image files".
public struct MaskImages: AnnotatedImages {
    /// Segmentation.
    public let task = VisionTask.segmentation
    /// From the caller, or a `classes.txt`.
    public let classNames: [String]?
    /// Where pictures and masks lie.
    public let source: String
    /// Files without a partner, and files that are neither.
    public let warnings: [String]
    /// How values become classes.
    public let labelMap: LabelMap

    private let images: any ObjectStore
    private let masks: any ObjectStore
    /// What comes before names in the store of pictures.
    private let prefix: String
    private let records: [AnnotationPairs.Record]

    /// Number of pictures.
    public var count: Int { records.count }

    init(
        _ pairs: AnnotationPairs, images: any ObjectStore, masks: any ObjectStore, prefix: String = "", source: String, labelMap: LabelMap,
        classNames: [String]?
    ) throws {
        try pairs.requireOne(at: source)
        if let classNames { try ClassNames.check(classNames, at: source) }
        self.images = images
        self.masks = masks
        self.prefix = prefix
        self.source = source
        self.labelMap = labelMap
        self.classNames = classNames
        records = pairs.records
        warnings = pairs.warnings(source)
    }

    /// Picture and mask `index`, not read; its place is the mask's file.
    public func record(at index: Int) throws -> AnnotatedImage {
        let annotation = try annotation(at: index)
        let record = records[index]
        return AnnotatedImage(
            name: ImageFileName.below(prefix, record.image), payload: .file(record.image, in: images),
            annotation: annotation,
            place: masks.location(of: record.annotation ?? record.image))
    }

    /// Mask `index`, not read.
    public func annotation(at index: Int) throws -> Annotation {
        try check(index)
        guard let mask = records[index].annotation else {
            throw DatasetError(
                .unreadable, at: images.location(of: records[index].image), "the picture has no mask",
                remedy: "add a PNG of the same base name to the masks, or remove the picture")
        }
        return .mask(.file(mask, in: masks))
    }
}
