import Datasets
import Foundation
import Storage

/// A channel of training as a run's options set it up.
protocol RunChannel {
    associatedtype Dataset: TargetedImages
    associatedtype Stream: TargetedStream where Stream.Record == Dataset.Record

    /// The classes in an order that the data must not contradict.
    var classNames: [String]? { get set }
    /// `num_classes`.
    var classCount: Int? { get set }
    /// `num_training_samples`.
    var recordCount: Int? { get set }
    /// Where it is.
    var location: String { get }
    /// How it comes.
    var mode: InputMode { get }
    /// The share of this host.
    var shard: RecordShard? { get }

    func open() throws -> ImageSource<Dataset, Stream>
    func openDataset() throws -> Dataset
}

extension RunChannel {
    /// A folder of validation images beside those that are trained on, in the folder that was given.
    var unusedValidation: String? {
        guard case .file(let path)? = try? Location(location) else { return nil }
        return ["validation", "val", "valid"].map { path + (path.hasSuffix("/") ? "" : "/") + $0 }.first { folder in
            var isFolder: ObjCBool = false
            return FileManager.default.fileExists(atPath: folder, isDirectory: &isFolder) && isFolder.boolValue
        }
    }
}

extension ClassificationChannel: RunChannel {}
extension DetectionChannel: RunChannel {}
extension SegmentationChannel: RunChannel {}

/// The channels of a run as a door of the program opens them: where the data are and how they come. ``RunData`` adds what hyperparameters
/// say of them.
struct RunChannels<Channel: RunChannel> {
    /// Which images a run validates on.
    enum Validation {
        case absent
        /// This share of the training images is held out.
        case share(Double)
        case channel(Channel)
    }

    var training: Channel
    var validation = Validation.absent
    /// How a user of this door comes by validation images: the end of notes about it.
    var advice: String

    /// Which channels hold a part of the objects on each host already, as a platform delivers them.
    var delivered: (training: Bool, validation: Bool) = (false, false)

    /// Hosts of the job.
    var hostCount = 1
    /// Whether each host has data of its own.
    var shards: (training: Bool, validation: Bool) {
        let own = delivered.training || training.shard != nil
        return if case .channel(let channel) = validation { (own, delivered.validation || channel.shard != nil) } else { (own, own) }
    }

    /// The share that is held out.
    var validationShare: Double? { if case .share(let share) = validation { share } else { nil } }
}
