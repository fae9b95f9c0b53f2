import Datasets
import Networks
import Weights

/// What a model is for, told by its description or, where it has none, by its weights' names.
enum ModelKind {
    case classification, detection, segmentation

    init(of path: String) throws {
        let (description, weights) = try ModelFolder.read(path)
        if let description {
            switch description.task {
            case VisionTask.classification.rawValue: self = .classification
            case VisionTask.detection.rawValue: self = .detection
            case VisionTask.segmentation.rawValue: self = .segmentation
            default: throw PathError(description: "\(path) is a model of \(description.task), which this program does not know.")
            }
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
