import Datasets
import Storage

extension TrainDetection {
    /// The images that the command's options name.
    func runChannels() throws -> RunChannels<DetectionChannel> {
        guard channels.shardBy == .record else {
            throw Failure.usage("--shard-by object is for classification; detection's data are shared by record.")
        }
        let stores = Stores.ofRun
        func channel(_ path: String, _ name: String, list: String?, annotations: String?) -> DetectionChannel {
            var channel = DetectionChannel(channels.place(of: path), stores: stores)
            channels.apply(to: &channel)
            (channel.channel, channel.list, channel.annotations) = (name, list, annotations)
            return channel
        }
        var training = channel(train, "train", list: trainLst, annotations: trainAnnotation)
        training.shard = try channels.recordShard()
        return RunChannels(
            training: training,
            validation: held.choice { channel($0, "validation", list: held.validationLst, annotations: validationAnnotation) },
            advice: ValidationOptions.advice)
    }
}
