import Datasets
import Tasks

/// What a model says about one picture.
enum Prediction: Sendable {
    case classification(ClassificationPrediction)
    /// Objects, best first, and the picture's own size.
    case detection([Detection], PixelSize)
    case mask(Mask)
    case probabilities(SegmentationProbabilities)
}

/// A model that is loaded, as far as threads other than the inference thread may know it.
struct ServedModel: Sendable {
    /// Of this loading: the same model loaded again has another one.
    let id: Int
    let name: String
    let path: String
    let task: VisionTask
    let classes: [String]
    let network: String
    let isMultiLabel: Bool
    let preparation: ImagePreparation
    /// What it is taken to occupy, in bytes.
    let memory: Int
    /// Images that its network sees at once.
    let batchLimit: Int
}
