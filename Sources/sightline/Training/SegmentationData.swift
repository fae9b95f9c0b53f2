import Datasets
import Storage

extension TrainSegmentation {
    /// The images that the command's options name.
    func runChannels() throws -> RunChannels<SegmentationChannel> {
        guard channels.shardBy == .record else {
            throw Failure.usage("--shard-by object is for classification; segmentation's data are shared by record.")
        }
        let stores = Stores.ofRun
        func channel(_ path: String, _ name: String, annotations: String?) -> SegmentationChannel {
            var channel = SegmentationChannel(channels.place(of: path), stores: stores)
            channels.apply(to: &channel)
            (channel.channel, channel.annotations, channel.labelMap) = (name, annotations, labelMap)
            return channel
        }
        var training = channel(train, "train", annotations: trainAnnotation)
        training.shard = try channels.recordShard()
        return RunChannels(
            training: training, validation: held.choice { channel($0, "validation", annotations: validationAnnotation) },
            advice: ValidationOptions.advice)
    }
}
