import Datasets
import Networks
import Torch
import Weights

/// What the training loop needs of a task. The loop knows neither images nor labels; a task knows neither files nor consoles.
public protocol TrainingTask: AnyObject {
    /// Makes mini-batches on worker threads.
    associatedtype Builder: BatchBuilder

    /// The network in training.
    var network: any Module { get }
    /// Where it trains.
    var device: Device { get }
    /// The precision of matrix products and convolutions in training; nil: float32.
    var precision: DType? { get }
    /// What of the work is this process's. To be set before training, and before ``stepsPerEpoch`` is asked for.
    var share: RankShare { get set }
    /// Examples of a mini-batch as the hyperparameters say it: those of an update on one machine.
    var miniBatchSize: Int { get }
    /// Updates an epoch; nil for a stream of unknown length.
    var stepsPerEpoch: Int? { get }
    /// Training examples an epoch; nil for a stream of unknown length.
    var exampleCount: Int? { get }
    /// The metric that picks the best epoch and stops early, such as `accuracy`; higher is better.
    var objective: String { get }

    /// Learns what it must know of the data of other processes. All of them call it once, when ``share`` is set.
    /// - Throws: where one of them is gone.
    func meet() throws
    /// Starts to load the mini-batches of `epochs`, the first of them from mini-batch `firstBatch` on.
    /// - Parameters:
    ///   - epochs: numbers of the epochs, from 0.
    ///   - firstBatch: where a resumed run goes on.
    ///   - workers: threads; nil: a default for this machine.
    ///   - unreadable: what to do about examples that can't be read.
    func load(epochs: Range<Int>, firstBatch: Int, workers: Int?, unreadable: UnreadablePolicy) throws -> BatchLoader<Builder>
    /// Forward pass and loss of a mini-batch, inside the autocast that the loop has opened. Must not wait for the device.
    func step(_ batch: Builder.Batch) throws -> StepOutput
    /// Scores the whole validation set, each example once; nil where there is none. Of several processes each scores its share, and all get
    /// the figures of the whole.
    /// - Parameter progress: called with the number of examples done, and their number if it is known; throws to stop.
    func validate(progress: (Int, Int?) throws -> Void) throws -> [MetricValue]?
    /// Describes the model for its file.
    func describe(metrics: [String: Double]) -> ModelDescription
}

extension TrainingTask {
    /// Nothing is to be known.
    public func meet() throws {}
}

/// What a training step gives.
public struct StepOutput {
    /// The loss, a scalar with a graph.
    public let loss: Tensor
    /// Sums over the mini-batch of what the epoch's metrics are means of (hits, for accuracy), by name; scalars on the device.
    public let sums: [(name: String, sum: Tensor)]
    /// Parts of the loss by name, which are means like it; scalars on the device.
    public let lossParts: [(name: String, mean: Tensor)]
    /// What the sums are divided by: examples, or examples × classes.
    public let weight: Int
    /// Examples in the mini-batch.
    public let examples: Int
    /// What the loss is a mean over, where these are not the examples: what was counted (a scalar on the device, at least 1 where it is
    /// divided by), and about how many there are for each example. Where the parts of a mini-batch are worked on apart, their losses count by it.
    public let terms: (count: Tensor, anExample: Double)?

    /// Gathers the results of a step.
    public init(
        loss: Tensor, sums: [(name: String, sum: Tensor)] = [], lossParts: [(name: String, mean: Tensor)] = [], weight: Int, examples: Int,
        terms: (count: Tensor, anExample: Double)? = nil
    ) {
        self.loss = loss
        self.sums = sums
        self.lossParts = lossParts
        self.weight = weight
        self.examples = examples
        self.terms = terms
    }
}

/// A measured quantity.
public struct MetricValue: Codable, Equatable, Sendable {
    /// Its name, such as `accuracy` or `loss`.
    public let name: String
    /// Its value.
    public let value: Double

    /// Names a value.
    public init(_ name: String, _ value: Double) {
        self.name = name
        self.value = value
    }
}
