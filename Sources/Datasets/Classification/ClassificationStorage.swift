/// The images of a classification dataset as one file format keeps them. Labels lie beside them, in ``ClassificationDataset``:
/// splitting, counting and checking never touch an image.
///
/// Conform a type to this to add a format that has nothing but classes; ``AnnotatedImages`` is for those of any task.
public protocol ClassificationStorage: Sendable {
    /// Number of images.
    var count: Int { get }

    /// What an error about image `index` names: a path, or `test_batch.bin, record 17`.
    func name(at index: Int) -> String

    /// Where a user would correct the label of image `index`: `train.lst:18`, or the image's own name.
    func labelPlace(at index: Int) -> String

    /// Image `index`, not decoded. Called from several threads at once.
    func payload(at index: Int) throws -> ImagePayload

    /// Image `index` with all its names at once, for storages where each of them would read the record again.
    func image(at index: Int) throws -> ClassificationImage
}

extension ClassificationStorage {
    /// The image's own name.
    public func labelPlace(at index: Int) -> String { name(at: index) }

    /// Puts the parts together; a storage without file names calls its images by number, `0017`.
    public func image(at index: Int) throws -> ClassificationImage {
        let number = String(index)
        let digits = String(max(0, count - 1)).utf8.count
        return ClassificationImage(
            id: name(at: index), fileName: String(repeating: "0", count: max(0, digits - number.utf8.count)) + number,
            labelPlace: labelPlace(at: index), payload: try payload(at: index))
    }
}

/// An image of a ``ClassificationStorage``, not decoded, and what it is called.
public struct ClassificationImage: Sendable {
    /// What an error names: a path, or `test_batch.bin, record 17`.
    public let id: String
    /// A relative path for a copy of the image: ``AnnotatedImage/name``.
    public let fileName: String
    /// Where a user would correct the label.
    public let labelPlace: String
    /// The image.
    public let payload: ImagePayload

    /// Puts an image together.
    public init(id: String, fileName: String, labelPlace: String, payload: ImagePayload) {
        self.id = id
        self.fileName = fileName
        self.labelPlace = labelPlace
        self.payload = payload
    }
}

/// A storage whose images have been brought to another place.
struct ReplacedPayloads: ClassificationStorage {
    let storage: any ClassificationStorage
    let place: @Sendable (ImagePayload) -> ImagePayload

    var count: Int { storage.count }
    func name(at index: Int) -> String { storage.name(at: index) }
    func labelPlace(at index: Int) -> String { storage.labelPlace(at: index) }
    func payload(at index: Int) throws -> ImagePayload { place(try storage.payload(at: index)) }

    func image(at index: Int) throws -> ClassificationImage {
        let image = try storage.image(at: index)
        return ClassificationImage(id: image.id, fileName: image.fileName, labelPlace: image.labelPlace, payload: place(image.payload))
    }
}

/// What a format's reader found: the images, their labels, and the class names if the format knows them.
struct ClassificationContent {
    var storage: any ClassificationStorage
    var labels: ClassificationLabels
    var classNames: [String]?
    /// Number of classes that the format itself promises, where it has no names (ten digits, ten CIFAR classes).
    var impliedClassCount: Int?
    var source: String
    var warnings: [String] = []
}

/// Which half of a folder that holds both a training and a test set.
public enum ClassificationSplit: String, Sendable, Equatable {
    /// `data_batch_*.bin`, `train-images-idx3-ubyte`, `train/`.
    case training
    /// `test_batch.bin`, `t10k-images-idx3-ubyte`, `validation/`, `val/`, `test/`.
    case validation
}
