import Datasets
import Storage
import Tasks

extension RunData where Channel == SegmentationChannel {
    /// The images that the command's options name.
    init(_ options: TrainSegmentation, _ hyperparameters: SegmentationHyperparameters, classNames: [String]?) throws {
        guard options.channels.shardBy == .record else {
            throw Failure.usage("--shard-by object is for classification; segmentation's data are shared by record.")
        }
        let stores = Stores()
        func opened(_ path: String, _ name: String, annotations: String?) -> SegmentationChannel {
            var channel = SegmentationChannel(path, stores: stores)
            options.channels.apply(to: &channel)
            (channel.channel, channel.annotations, channel.labelMap) = (name, annotations, options.labelMap)
            return channel
        }
        var channel = opened(options.train, "train", annotations: options.trainAnnotation)
        channel.classNames = classNames
        channel.classCount = hyperparameters.numClasses
        channel.recordCount = hyperparameters.numTrainingSamples
        channel.shard = try options.channels.recordShard()
        try self.init(channel, held: options.held, seed: hyperparameters.seed) {
            opened($0, "validation", annotations: options.validationAnnotation)
        }
    }
}
