import Datasets
import Tasks
import Training

/// The images of a run: training, and validation where there is any.
struct RunData<Channel: RunChannel> {
    typealias Source = ImageSource<Channel.Dataset, Channel.Stream>

    let training: Source
    let validation: Source?
    /// Odd things, one sentence each; those of the training set are its own.
    private(set) var notes: [String] = []

    /// Opens both halves.
    ///
    /// - Parameters:
    ///   - channels: where they are.
    ///   - hyperparameters: what every task's say of data.
    ///   - classNames: the classes in the order of a model, or as the user names them.
    ///   - unreadableLimit: how many validation images may be left out.
    ///   - prepare: puts into a channel what the task's own hyperparameters say of it.
    init(
        _ channels: RunChannels<Channel>, _ hyperparameters: TrainingHyperparameters, classNames: [String]?,
        unreadableLimit: Int, prepare: (inout Channel) -> Void = { _ in }
    ) throws {
        var channel = channels.training
        prepare(&channel)
        channel.classNames = classNames
        channel.classCount = hyperparameters.numClasses
        channel.recordCount = hyperparameters.numTrainingSamples
        if channels.delivered.training {
            // It counts all hosts' images. This host's are counted, or, of a stream, an even share of them.
            channel.recordCount = channel.mode == .pipe ? channel.recordCount.map { $0 / max(1, channels.hostCount) } : nil
        }
        let opened: Source?
        switch channels.validation {
        case .share(let share):
            let parts = try channel.openDataset().split(fraction: share, seed: UInt64(hyperparameters.seed))
            (training, opened) = (.dataset(parts.training), .dataset(parts.validation))
        case .absent:
            training = try channel.open()
            opened = nil
            notes.append(
                "no validation data: the last epoch's model is kept, and how good it is stays unknown. "
                    + (channel.unusedValidation.map { "\($0) is there: add --validation \(channel.location)." } ?? channels.advice))
        case .channel(var other):
            training = try channel.open()
            prepare(&other)
            // The training set's classes, so that both number them alike.
            other.classNames = training.classNames
            other.classCount = training.classNames.count
            let validation = try other.open()
            opened = validation
            notes += validation.warnings
            if validation.source == training.source {
                notes.append(
                    "training and validation images are the same: the figures tell how well they are remembered. \(channels.advice)")
            }
        }
        let readable = try opened?.readable(leavingOut: unreadableLimit) { Interruption.isRequested }
        validation = readable?.source
        if let leftOut = readable?.leftOut, let first = leftOut.first {
            notes.append("\(leftOut.count) validation images can't be read and are left out; the first: \(first)")
        }
    }
}
