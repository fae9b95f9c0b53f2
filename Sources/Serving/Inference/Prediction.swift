import Datasets
import Tasks

/// What a model says about one picture.
enum Prediction: Sendable {
    case classification(ClassificationPrediction)
    /// Objects, best first, and the picture's own size.
    case detection([Detection], PixelSize)
    case mask(Mask)
    case probabilities(SegmentationProbabilities)

    /// The same with those objects alone whose scores exceed `threshold`; nil: all.
    func above(_ threshold: Float?) -> Prediction {
        guard let threshold, case .detection(let found, let size) = self else { return self }
        return .detection(found.filter { $0.score > threshold }, size)
    }
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

/// What a model is, whether it is in memory or not.
struct ModelFacts: Sendable {
    let name: String
    let task: VisionTask
    let network: String
    let classes: [String]
    let isMultiLabel: Bool
}

extension ModelFacts {
    /// Of a model in memory.
    init(_ model: ServedModel) {
        self.init(
            name: model.name, task: model.task, network: model.network, classes: model.classes, isMultiLabel: model.isMultiLabel)
    }
}
