import Datasets
import Imaging
import Storage
import Tasks
import Torch
import Weights

extension ServingError {
    /// What a failure means for the client who sent a picture: its own fault, with what was wrong, or ours.
    static func about(picture error: any Error) -> ServingError {
        switch error {
        case let error as ServingError: error
        case let error as ImagingError:
            switch error.kind {
            case .notAPicture, .damaged, .unsupported, .invalidArgument: ServingError(.badRequest, error.description)
            case .tooLarge: ServingError(.contentTooLarge, error.description)
            case .outOfMemory: ServingError(.unavailable, error.description, retryAfter: 1)
            }
        case is CancellationError: ServingError(.unavailable, "The server is stopping. Send the request again.", retryAfter: 1)
        case let error as DatasetError: ServingError(.badRequest, error.description)
        default: ServingError(.internalError, "The prediction failed: \(error)")
        }
    }

    /// What a failure means for the client who asked for a model.
    static func about(model error: any Error) -> ServingError {
        switch error {
        case let error as ServingError: error
        case let error as WeightsError: ServingError(.badRequest, error.description)
        case let error as TaskError: ServingError(.badRequest, error.description)
        case let error as TorchError where error.description.hasPrefix("out of memory"):
            ServingError(.insufficientMemory, "There is no memory for the model: \(error)")
        default: ServingError(.badRequest, "The model cannot be loaded: \(error)")
        }
    }
}
