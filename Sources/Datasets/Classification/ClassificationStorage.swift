/// The images of a classification dataset as one file format keeps them. Labels lie beside them, in ``ClassificationDataset``:
/// splitting, counting and checking never touch an image.
///
/// Conform a type to this to add a format.
public protocol ClassificationStorage: Sendable {
    /// Number of images.
    var count: Int { get }

    /// What an error about image `index` names: a path, or `test_batch.bin, record 17`.
    func name(at index: Int) -> String

    /// Where a user would correct the label of image `index`: `train.lst:18`, or the image's own name.
    func labelPlace(at index: Int) -> String

    /// Image `index`, not decoded. Called from several threads at once.
    func payload(at index: Int) throws -> ImagePayload
}

extension ClassificationStorage {
    /// The image's own name.
    public func labelPlace(at index: Int) -> String { name(at: index) }
}

/// What a format's reader found: the images, their labels, and the class names if the format knows them.
struct ClassificationContent {
    var storage: any ClassificationStorage
    var labels: [ClassificationLabel]
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
