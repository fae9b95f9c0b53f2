import Datasets
import Imaging

/// A picture as a predictor takes it: decoded, and brought to the input's size where the network has one.
///
/// Decoding needs no libtorch, so that many pictures may be made ready on many threads while one thread predicts.
public struct PreparedImage: Sendable {
    /// The upright picture's own size.
    public let size: PixelSize
    /// What the network sees: values of the input's size for a classifier and a detector, the picture itself for segmentation.
    let content: Image
}

/// Makes a picture ready for one predictor, from any thread. The second argument is what errors call the picture.
/// - Throws: `ImagingError`, `DatasetError` or `StorageError` that names the picture.
public typealias ImagePreparation = @Sendable (_ payload: ImagePayload, _ name: String) throws -> PreparedImage
