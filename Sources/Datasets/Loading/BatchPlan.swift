/// What becomes of the examples that do not fill the last mini-batch of an epoch.
public enum RemainderPolicy: String, Sendable, Equatable {
    /// A smaller last batch: evaluation scores every image exactly once.
    case keep
    /// The last, partial batch is left out, as SageMaker's image classification trains.
    case drop
    /// The last batch is filled up from the beginning of the epoch's order; ``LoadedBatch/duplicateSlots`` says which slots.
    case wrap
}

/// How an epoch is cut into mini-batches. A pure function of its values: batch k of epoch e is the same in a resumed run.
public struct BatchPlan: Sendable, Equatable {
    /// Number of examples in the dataset.
    public let exampleCount: Int
    /// Examples a mini-batch.
    public let batchSize: Int
    /// What becomes of the last, partial mini-batch.
    public let remainder: RemainderPolicy
    /// Whether each epoch has an order of its own.
    public let shuffle: Bool
    /// Seed of the orders.
    public let seed: UInt64

    /// Far above what any memory holds; it keeps a wrapped batch from asking for an index list of any size.
    static let largestBatch = 1 << 20

    /// A plan for `exampleCount` examples.
    ///
    /// - Throws: ``DatasetError`` if there is no example, the batch size is below 1, or no whole batch is left when partial ones are dropped.
    public init(exampleCount: Int, batchSize: Int, remainder: RemainderPolicy = .keep, shuffle: Bool = false, seed: UInt64 = 0) throws {
        guard exampleCount > 0 else {
            throw DatasetError(.argument, at: "dataset", "it has no examples", remedy: "check the channel")
        }
        guard (1...Self.largestBatch).contains(batchSize) else {
            throw DatasetError(
                .argument, at: "mini_batch_size", "\(batchSize) is not in 1…\(Self.largestBatch)", remedy: "choose a value in this range")
        }
        guard remainder != .drop || batchSize <= exampleCount else {
            throw DatasetError(
                .argument, at: "mini_batch_size", "\(batchSize) is more than the \(exampleCount) images, so no whole batch is left",
                remedy: "set it to \(exampleCount) or less")
        }
        self.exampleCount = exampleCount
        self.batchSize = batchSize
        self.remainder = remainder
        self.shuffle = shuffle
        self.seed = seed
    }

    /// Mini-batches an epoch.
    public var batchCount: Int {
        let whole = exampleCount / batchSize
        return remainder == .drop || exampleCount.isMultiple(of: batchSize) ? whole : whole + 1
    }

    /// The order of an epoch.
    public func order(ofEpoch epoch: Int) -> EpochOrder {
        EpochOrder(count: exampleCount, seed: seed, epoch: epoch, shuffle: shuffle)
    }

    /// Dataset indices of mini-batch `number` (0 ..< ``batchCount``, else empty) under an order of this plan.
    func indices(ofBatch number: Int, in order: EpochOrder) -> [Int] {
        guard (0..<batchCount).contains(number) else { return [] }
        let start = number * batchSize
        let available = min(batchSize, exampleCount - start)
        let size = remainder == .wrap ? batchSize : available
        return (0..<size).map { order[(start + $0) % exampleCount] }
    }

    /// Slots of mini-batch `number` that repeat examples of this epoch.
    func wrappedSlots(ofBatch number: Int) -> Range<Int> {
        guard remainder == .wrap, number == batchCount - 1 else { return 0..<0 }
        return (exampleCount - number * batchSize)..<batchSize
    }
}
