import Datasets
import Storage
import Tasks

/// The images of a detection run: training, and validation where there is any.
struct DetectionData {
    let training: DetectionSource
    let validation: DetectionSource?
    /// Odd things, one sentence each; those of the training set are its own.
    private(set) var notes: [String] = []

    init(_ options: TrainDetection, _ hyperparameters: DetectionHyperparameters, classNames: [String]?) throws {
        let stores = Stores()
        func opened(_ path: String, _ name: String) -> DetectionChannel {
            var channel = DetectionChannel(path, stores: stores)
            options.channels.apply(to: &channel)
            channel.channel = name
            channel.labelWidth = hyperparameters.labelWidth
            return channel
        }
        var channel = opened(options.train, "train")
        channel.list = options.trainLst
        channel.annotations = options.trainAnnotation
        channel.classNames = classNames
        channel.classCount = hyperparameters.numClasses
        channel.recordCount = hyperparameters.numTrainingSamples
        channel.shard = try options.channels.recordShard()
        guard options.channels.shardBy == .record else {
            throw Failure.usage("--shard-by object is for classification; detection's data are shared by record.")
        }
        if let share = options.held.validationSplit {
            let parts = try channel.openDataset().split(fraction: share, seed: UInt64(hyperparameters.seed))
            (training, validation) = (.dataset(parts.training), .dataset(parts.validation))
            return
        }
        training = try channel.open()
        guard let path = options.held.validation else {
            validation = nil
            notes.append(ValidationOptions.none)
            return
        }
        // The training set's classes, so that both number them alike.
        var other = opened(path, "validation")
        other.list = options.held.validationLst
        other.annotations = options.validationAnnotation
        other.classNames = training.classNames
        other.classCount = training.classNames.count
        let held = try other.open()
        validation = held
        notes += held.warnings
        if held.source == training.source { notes.append(ValidationOptions.same) }
    }
}
