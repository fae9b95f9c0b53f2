import Storage

/// What the lines of an augmented manifest (`S3DataType: AugmentedManifestFile`, JSON Lines) mean: the request's `AttributeNames`,
/// the task, and how labels are written.
///
/// Source: spec data-formats.md, "Augmented manifest"; image-classification.md, object-detection.md, semantic-segmentation.md, same
/// heading.
public struct AugmentedManifest: Sendable, Equatable {
    /// How an array that labels a picture for multi-label classification is to be read.
    public enum LabelFormat: String, Sendable, Equatable {
        /// One 0 or 1 for each class: the default, `label-format=multi-hot`.
        case multiHot = "multi-hot"
        /// The numbers of the classes that the picture shows: what Ground Truth writes, `label-format=class-id`.
        case classID = "class-id"
    }

    /// What the pixels of masks are.
    public enum MaskValues: Sendable, Equatable {
        /// Class numbers (palette indices or grey values), 255 = not labelled; the colours only please the eye.
        case classNumbers
        /// Colours, each of which the line's `internal-color-map` gives to a class; any other colour = not labelled. Masks are then
        /// decoded by the reader.
        case colours
    }

    /// What the labels are about.
    public let task: VisionTask
    /// `AttributeNames`: the picture's attribute, the label's, and any others that a pipe carries in this order.
    public let attributeNames: [String]
    /// How multi-label classification is written.
    public let labelFormat: LabelFormat
    /// Number of classes, where it is known: labels must lie below it. ``AugmentedManifest/LabelFormat/classID`` needs it in streams.
    public let classCount: Int?
    /// What the pixels of masks are.
    public let maskValues: MaskValues

    /// The picture's attribute.
    public var image: String { attributeNames[0] }
    /// The label's attribute.
    public var label: String { attributeNames[1] }
    /// The attribute with what Ground Truth says about the label: class names, confidence.
    public var metadata: String { label + "-metadata" }

    /// SageMaker's own limit.
    static let maximumAttributes = 16

    /// A manifest with these attributes, the picture's first and the label's second.
    ///
    /// - Throws: ``DatasetError`` for fewer than 2 or more than 16 names, an empty or repeated one, a picture's attribute that does not
    ///   end in `-ref` (nor, for segmentation, the mask's), or a class count that is not 1 to 1,000,000.
    public init(
        task: VisionTask, attributeNames: [String], labelFormat: LabelFormat = .multiHot, classCount: Int? = nil,
        maskValues: MaskValues = .classNumbers
    ) throws {
        func refuse(_ problem: String) -> DatasetError {
            DatasetError(
                .argument, at: "AttributeNames", problem, remedy: "name the picture's attribute, then the label's: source-ref, class")
        }
        guard (2...Self.maximumAttributes).contains(attributeNames.count) else {
            throw refuse("it has \(attributeNames.count) name\(attributeNames.count == 1 ? "" : "s"), not 2 to \(Self.maximumAttributes)")
        }
        for (position, name) in attributeNames.enumerated() {
            guard !name.isEmpty else { throw refuse("name \(position + 1) is empty") }
            guard !attributeNames[..<position].contains(name) else { throw refuse("'\(name)' is named twice") }
        }
        guard attributeNames[0].hasSuffix("-ref") else {
            throw refuse("'\(attributeNames[0])' does not end in -ref, so it is not a reference to a picture")
        }
        guard task != .segmentation || attributeNames[1].hasSuffix("-ref") else {
            throw refuse("'\(attributeNames[1])' does not end in -ref, so it is not a reference to a mask")
        }
        if let classCount, !(1...ImageListReader.highestPlausibleLabel + 1).contains(classCount) {
            throw DatasetError(
                .argument, at: "num_classes", "it is \(classCount)",
                remedy: "give a number from 1 to \(ImageListReader.highestPlausibleLabel + 1)")
        }
        self.task = task
        self.attributeNames = attributeNames
        self.labelFormat = labelFormat
        self.classCount = classCount
        self.maskValues = maskValues
    }
}
