import Datasets
import Storage
import Tasks

/// The images of a run: training, and validation where there is any.
struct ClassificationData {
    let training: ClassificationSource
    let validation: ClassificationSource?
    /// Odd things, one sentence each; those of the training set are its own.
    private(set) var notes: [String] = []

    init(_ options: TrainClassification, _ hyperparameters: ClassificationHyperparameters, classNames: [String]?) throws {
        let stores = Stores()
        func opened(_ path: String, _ split: ClassificationSplit) -> ClassificationChannel {
            var channel = ClassificationChannel(path, stores: stores)
            options.channels.apply(to: &channel)
            channel.split = split
            channel.isMultiLabel = hyperparameters.multiLabel
            return channel
        }
        var channel = opened(options.train, .training)
        channel.list = options.trainLst
        channel.classNames = classNames
        channel.classCount = hyperparameters.numClasses
        channel.recordCount = hyperparameters.numTrainingSamples
        channel.shard = try options.channels.recordShard()
        channel.shardUnit = options.channels.shardBy
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
        var other = opened(path, .validation)
        other.list = options.held.validationLst
        other.classNames = training.classNames
        other.classCount = training.classNames.count
        let held = try other.open()
        validation = held
        notes += held.warnings
        if held.source == training.source {
            notes.append(ValidationOptions.same)
        }
    }
}
