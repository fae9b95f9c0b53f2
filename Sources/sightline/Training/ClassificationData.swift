import Datasets
import Storage

extension TrainClassification {
    /// The images that the command's options name.
    func runChannels() throws -> RunChannels<ClassificationChannel> {
        let stores = Stores.ofRun
        func channel(_ path: String, _ split: ClassificationSplit, list: String?) -> ClassificationChannel {
            var channel = ClassificationChannel(channels.place(of: path), stores: stores)
            channels.apply(to: &channel)
            channel.split = split
            channel.list = list
            return channel
        }
        var training = channel(train, .training, list: trainLst)
        training.shard = try channels.recordShard()
        training.shardUnit = channels.shardBy
        return RunChannels(
            training: training, validation: held.choice { channel($0, .validation, list: held.validationLst) },
            advice: ValidationOptions.advice)
    }
}
