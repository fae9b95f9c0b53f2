import Datasets
import Storage
import Tasks

extension RunData where Channel == ClassificationChannel {
    /// The images that the command's options name.
    init(_ options: TrainClassification, _ hyperparameters: ClassificationHyperparameters, classNames: [String]?) throws {
        let stores = Stores()
        func opened(_ path: String, _ split: ClassificationSplit, list: String?) -> ClassificationChannel {
            var channel = ClassificationChannel(path, stores: stores)
            options.channels.apply(to: &channel)
            channel.split = split
            channel.list = list
            channel.isMultiLabel = hyperparameters.multiLabel
            return channel
        }
        var channel = opened(options.train, .training, list: options.trainLst)
        channel.classNames = classNames
        channel.classCount = hyperparameters.numClasses
        channel.recordCount = hyperparameters.numTrainingSamples
        channel.shard = try options.channels.recordShard()
        channel.shardUnit = options.channels.shardBy
        try self.init(channel, held: options.held, seed: hyperparameters.seed) {
            opened($0, .validation, list: options.held.validationLst)
        }
    }
}
