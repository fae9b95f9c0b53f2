/// What a task does to turn records into mini-batches; ``BatchLoader`` decides when and on which thread.
public protocol BatchBuilder: Sendable {
    /// Room for one mini-batch, usually a class around the buffers of images and targets. Slots are filled concurrently, so
    /// different slots must be different memory.
    associatedtype Batch: Sendable

    /// Makes room for `count` examples.
    ///
    /// Called on the thread that makes the loader and calls ``BatchLoader/next()``, never on a worker: it may allocate tensors.
    func makeBatch(count: Int) throws -> Batch

    /// Reads, decodes and augments dataset record `index` into `slot` of `batch`.
    ///
    /// Called on worker threads, concurrently for different slots. What it writes must depend on (index, epoch) alone, as
    /// ``RandomStream`` does, so that any number of workers makes the same batch. Its errors should name the record.
    func fill(_ batch: Batch, slot: Int, index: Int, epoch: Int) throws
}

/// What happens when ``BatchBuilder/fill(_:slot:index:epoch:)`` throws.
public enum UnreadablePolicy: Sendable, Equatable {
    /// The batch's error is thrown by ``BatchLoader/next()``.
    case fail
    /// The slot is filled with a neighbour of the same batch instead, the example is listed, and training goes on until more than `limit`
    /// different examples have failed.
    case skip(limit: Int)
}

/// An example that could not be read.
public struct SkippedExample: Sendable, Equatable {
    /// Its number in the dataset.
    public let index: Int
    /// The error as text.
    public let reason: String
}

/// A filled mini-batch.
public struct LoadedBatch<Batch: Sendable>: Sendable {
    /// What the builder made and filled.
    public let batch: Batch
    /// Epoch number.
    public let epoch: Int
    /// Number of the batch in its epoch, from 0.
    public let number: Int
    /// Dataset index of each slot, as planned.
    public let indices: [Int]
    /// Slots whose content is counted elsewhere: the end of the last batch where it wraps around (``RemainderPolicy/wrap``), and slots
    /// that hold a neighbour because their example could not be read. Training may use them; evaluation leaves them out.
    public let duplicateSlots: [Int]
}
