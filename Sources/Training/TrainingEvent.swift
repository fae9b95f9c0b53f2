import Tasks

/// What happens in a run. The loop tells its observers; it knows no console, no file format and no metrics back end.
public enum TrainingEvent: Sendable {
    /// The run begins, or goes on.
    case started(RunStart)
    /// A training step is done.
    case stepped(StepInfo)
    /// Validation has done this many of so many images; nil: of a stream of unknown length.
    case validating(done: Int, total: Int?)
    /// An epoch is done.
    case epochEnded(EpochRecord)
    /// The best model so far was written.
    case savedBest(epoch: Int, objective: MetricValue, path: String)
    /// Images that can't be read were left out.
    case skipped(count: Int, reasons: [String])
    /// Something that a user should know, one sentence.
    case noted(String)
    /// The objective no longer improves.
    case stoppedEarly(epoch: Int)
    /// The run was asked to stop and its state written.
    case interrupted(checkpoint: String)
    /// The run is over.
    case finished(RunSummary)
}

/// Listens to a run. Called on the training thread: be quick.
public protocol TrainingObserver: AnyObject {
    /// Something happened.
    func handle(_ event: TrainingEvent)
}

/// Processes that train one model, and the hosts that they run on.
public struct WorldSize: Sendable, Equatable, CustomStringConvertible {
    /// Processes, this one included.
    public let processes: Int
    /// Hosts.
    public let hosts: Int

    /// One process on one host, unless told otherwise.
    public init(processes: Int = 1, hosts: Int = 1) { (self.processes, self.hosts) = (processes, hosts) }

    /// Such as `6 processes on 3 hosts`; hosts are named where there are several.
    public var description: String {
        "\(processes) process\(processes == 1 ? "" : "es")" + (hosts > 1 ? " on \(hosts) hosts" : "")
    }
}

/// How a run begins.
public struct RunStart: Sendable {
    /// The network's name.
    public let network: String
    /// Learned numbers in it.
    public let parameterCount: Int
    /// Where it trains, such as `cpu`.
    public let device: String
    /// Precision of products, such as `bfloat16`.
    public let precision: String
    /// Epochs in all.
    public let epochs: Int
    /// Training steps an epoch; nil for a stream of unknown length.
    public let stepsPerEpoch: Int?
    /// Training images, those of all hosts; nil for a stream of unknown length.
    public let examples: Int?
    /// Who trains together.
    public let world: WorldSize
    /// The epoch (from 1) and the step (from 0) at which a resumed run goes on; nil for a fresh one.
    public let resumedAt: (epoch: Int, step: Int)?
    /// Epochs before a resumption.
    public var history: [EpochRecord] = []
}

/// Where a run stands after a step.
public struct StepInfo: Sendable {
    /// From 1.
    public let epoch: Int
    /// Epochs in all.
    public let epochs: Int
    /// Steps done in this epoch.
    public let step: Int
    /// Examples of the mini-batch.
    public let batchSize: Int
    /// Steps of an epoch; nil in the first epoch of a stream of unknown length.
    public let steps: Int?
    /// The mean loss of the epoch so far.
    public let loss: Double
    /// Means of the epoch so far, such as accuracy.
    public let metrics: [MetricValue]
    /// The rate of this step.
    public let learningRate: Double
    /// Images a second since the epoch began.
    public let imagesPerSecond: Double
    /// The share of the epoch's time that the step waited for data, 0…1.
    public let waitShare: Double
    /// Seconds to the end of the run at this speed, validation not counted; nil where ``steps`` is.
    public let secondsLeft: Double?
    /// Resident memory now, in bytes.
    public let residentMemory: Int
}

/// The record of one epoch: a row of `results.csv`.
public struct EpochRecord: Codable, Equatable, Sendable {
    /// From 1.
    public var epoch: Int
    /// The mean training loss.
    public var trainingLoss: Double
    /// Training metrics over the epoch.
    public var training: [MetricValue]
    /// Validation metrics; empty without a validation set.
    public var validation: [MetricValue]
    /// The rate of the last step.
    public var learningRate: Double
    /// Training time, in seconds, without validation.
    public var seconds: Double
    /// Images a second in training.
    public var imagesPerSecond: Double
    /// The share of the training time spent waiting for data, 0…1.
    public var waitShare: Double
    /// The most memory that was resident during the epoch, in bytes.
    public var peakMemory: Int
    /// Whether it was the best so far.
    public var isBest: Bool
}

/// How a run ended.
public struct RunSummary: Sendable {
    /// Epochs that were trained, those before a resumption included.
    public let history: [EpochRecord]
    /// The best epoch (from 1), and its objective; without validation the last one.
    public let best: (epoch: Int, objective: MetricValue)?
    /// The folder of the best model.
    public let model: String
    /// Whether early stopping ended it.
    public let stoppedEarly: Bool
}
