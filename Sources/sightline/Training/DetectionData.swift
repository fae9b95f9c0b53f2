import Datasets
import Storage
import Tasks

extension RunData where Channel == DetectionChannel {
    /// The images that the command's options name.
    init(_ options: TrainDetection, _ hyperparameters: DetectionHyperparameters, classNames: [String]?) throws {
        guard options.channels.shardBy == .record else {
            throw Failure.usage("--shard-by object is for classification; detection's data are shared by record.")
        }
        let stores = Stores()
        func opened(_ path: String, _ name: String, list: String?, annotations: String?) -> DetectionChannel {
            var channel = DetectionChannel(path, stores: stores)
            options.channels.apply(to: &channel)
            (channel.channel, channel.list, channel.annotations) = (name, list, annotations)
            channel.labelWidth = hyperparameters.labelWidth
            return channel
        }
        var channel = opened(options.train, "train", list: options.trainLst, annotations: options.trainAnnotation)
        channel.classNames = classNames
        channel.classCount = hyperparameters.numClasses
        channel.recordCount = hyperparameters.numTrainingSamples
        channel.shard = try options.channels.recordShard()
        try self.init(channel, held: options.held, seed: hyperparameters.seed) {
            opened($0, "validation", list: options.held.validationLst, annotations: options.validationAnnotation)
        }
    }
}
