import Datasets
import Networks
import Torch
import Weights

extension VisionTask {
    /// What a model is for, told by its description or, where it has none, by its weights' names.
    /// - Throws: ``TaskError`` for a task that this program does not know; `WeightsError`.
    public init(ofModel path: String) throws {
        let (description, weights) = try ModelFolder.read(path)
        if let description {
            guard let task = VisionTask(rawValue: description.task) else {
                throw TaskError("\(path) is a model of \(description.task), which this program does not know. Use a newer sightline.")
            }
            self = task
        } else {
            self =
                if (try? DetectionArchitecture(of: weights, source: path)) != nil {
                    .detection
                } else if (try? SegmentationArchitecture(of: weights, source: path)) != nil {
                    .segmentation
                } else { .classification }
        }
    }
}

/// A model of any task, ready to predict. Like its tensors it belongs to the thread that works with libtorch.
public enum Predictor {
    /// Tells what a picture shows.
    case classification(ClassificationPredictor)
    /// Finds objects in a picture.
    case detection(DetectionPredictor)
    /// Tells the class of every pixel.
    case segmentation(SegmentationPredictor)

    /// Loads a model of whichever task it is.
    ///
    /// `precision`: of products; nil: bfloat16 where it is native.
    /// - Throws: as the predictors do.
    public init(_ path: String, device: Device, precision: DType? = .float32) throws {
        self =
            switch try VisionTask(ofModel: path) {
            case .classification: .classification(try ClassificationPredictor(path, device: device, precision: precision))
            case .detection: .detection(try DetectionPredictor(path, device: device, precision: precision))
            case .segmentation: .segmentation(try SegmentationPredictor(path, device: device, precision: precision))
            }
    }

    /// What the model is for.
    public var task: VisionTask {
        switch self {
        case .classification: .classification
        case .detection: .detection
        case .segmentation: .segmentation
        }
    }

    /// What the model is.
    public var description: ModelDescription {
        switch self {
        case .classification(let predictor): predictor.description
        case .detection(let predictor): predictor.description
        case .segmentation(let predictor): predictor.description
        }
    }

    /// Makes pictures ready for this model, from any thread.
    public var preparation: ImagePreparation {
        switch self {
        case .classification(let predictor): predictor.preparation
        case .detection(let predictor): predictor.preparation
        case .segmentation(let predictor): predictor.preparation
        }
    }
}
