import Foundation
import Synchronization

/// Fills mini-batches ahead of training, on threads of its own, in order.
///
/// ```swift
/// let loader = try BatchLoader(builder: builder, plan: plan, epochs: 0..<10)
/// for epoch in 0..<10 {
///     while let loaded = try loader.next() { train(on: loaded.batch) }
/// }
/// ```
///
/// Workers share the examples of a batch, so the first batch is quick; at most ``batchesInFlight`` batches exist besides the one in use,
/// which bounds memory; they go on over the end of an epoch, so validation overlaps with loading.
/// One thread at a time may call ``next()``; ``cancel()`` may come from any. Letting go of the loader cancels it and joins its threads.
public final class BatchLoader<Builder: BatchBuilder>: Sendable {
    /// How epochs are cut into batches.
    public let plan: BatchPlan
    /// Number of worker threads.
    public let workerCount: Int
    /// How many batches are opened ahead.
    public let batchesInFlight: Int

    private let builder: Builder
    private let unreadable: UnreadablePolicy
    private let queue: BatchQueue<Builder>
    private let consumer: Mutex<ConsumerState>
    private let threads: Mutex<[WorkerThread]>
    private let statistics = Mutex(Statistics())

    /// A worker for each core but one, which training keeps; 8 at most.
    public static var defaultWorkerCount: Int {
        min(8, max(1, ProcessInfo.processInfo.activeProcessorCount - 1))
    }

    /// Starts the workers; they begin with batch `firstBatch` of the first epoch at once.
    ///
    /// - Parameters:
    ///   - builder: makes room for batches and fills their slots.
    ///   - plan: how each epoch is cut into batches.
    ///   - epochs: epochs to load, one after the other.
    ///   - firstBatch: where the first epoch begins, 0…`plan.batchCount`: a resumed run skips what the first run saw, unread.
    ///   - workers: number of threads, ``defaultWorkerCount`` if `nil`.
    ///   - batchesInFlight: batches opened ahead of the one in use.
    ///   - unreadable: what to do about examples that cannot be read.
    /// - Throws: ``DatasetError`` for an argument out of range or if threads cannot be started, and what `makeBatch` throws.
    public init(
        builder: Builder, plan: BatchPlan, epochs: Range<Int>, firstBatch: Int = 0, workers: Int? = nil, batchesInFlight: Int = 4,
        unreadable: UnreadablePolicy = .fail
    ) throws {
        try Self.check(workers ?? 1, in: 1...256, "number of workers")
        try Self.check(batchesInFlight, in: 1...1024, "number of batches in flight")
        try Self.check(firstBatch, in: 0...plan.batchCount, "first batch")
        try Self.check(epochs.lowerBound, in: 0...Int(UInt32.max), "first epoch")
        self.builder = builder
        self.plan = plan
        self.unreadable = unreadable
        self.batchesInFlight = batchesInFlight
        workerCount = workers ?? Self.defaultWorkerCount
        let queue = BatchQueue(builder: builder, workers: workerCount, substitutes: unreadable != .fail)
        self.queue = queue
        consumer = Mutex(ConsumerState(plan: plan, epochs: epochs, firstBatch: firstBatch))
        threads = Mutex([])
        // From here on deinit would run, and so would what it joins.
        for number in 0..<workerCount {
            let thread = try WorkerThread(name: "load-\(number)") { queue.work() }
            threads.withLock { $0.append(thread) }
        }
        try consumer.withLock { try refill(&$0) }
    }

    deinit { cancel() }

    /// The next batch, waiting for it if need be; `nil` once at the end of each epoch, and for good after the last one.
    ///
    /// - Throws: the error of the batch's lowest slot that could not be filled, or ``DatasetError`` when more examples than
    ///   ``UnreadablePolicy/skip(limit:)`` allows could not be read. After an error the loader is at its end and throws it again;
    ///   after ``cancel()`` it throws ``DatasetError/Kind/cancelled``.
    public func next() throws -> LoadedBatch<Builder.Batch>? {
        try consumer.withLock { state in
            if let failure = state.failure { throw failure }
            do {
                return try advance(&state)
            } catch {
                state.failure = error
                cancel()
                throw error
            }
        }
    }

    /// Stops loading and joins the threads: each finishes its current example, what was loaded is dropped. Harmless if repeated.
    public func cancel() {
        queue.cancel()
        let running = threads.withLock { running in
            defer { running = [] }
            return running
        }
        for thread in running { thread.join() }
    }

    /// Seconds that ``next()`` has waited for workers: near zero when loading keeps up, near the whole time when training starves.
    public var waitedSeconds: Double { statistics.withLock { $0.waited } }

    /// Batches delivered so far.
    public var deliveredBatches: Int { statistics.withLock { $0.delivered } }

    /// Examples that could not be read in the batches delivered so far, each once, in the order in which they were met.
    public var skipped: [SkippedExample] { statistics.withLock { $0.skipped } }

    // MARK: The training thread's side

    private func advance(_ state: inout ConsumerState) throws -> LoadedBatch<Builder.Batch>? {
        if queue.isCancelled { throw Self.cancelled }
        guard state.awaited.epoch < state.epochs.upperBound else { return nil }
        guard state.awaited.batch < plan.batchCount else {
            state.awaited = (state.awaited.epoch + 1, 0)
            return nil
        }
        let start = ContinuousClock.now
        guard let flight = queue.take() else { throw Self.cancelled }
        let waited = start.duration(to: .now) / .seconds(1)
        state.awaited.batch += 1
        try settle(flight, &state)
        statistics.withLock {
            $0.waited += waited
            $0.delivered += 1
        }
        try refill(&state)
        let wrapped = Array(plan.wrappedSlots(ofBatch: flight.number))
        return LoadedBatch(
            batch: flight.batch, epoch: flight.epoch, number: flight.number, indices: flight.indices,
            duplicateSlots: Set(wrapped + flight.failures.map(\.slot)).sorted())
    }

    /// Opens batches until enough are in flight, over the ends of epochs.
    private func refill(_ state: inout ConsumerState) throws {
        while queue.inFlight < batchesInFlight, let (epoch, number) = state.nextToOpen(plan) {
            let indices = plan.indices(ofBatch: number, in: state.order)
            queue.open(.init(batch: try builder.makeBatch(count: indices.count), epoch: epoch, number: number, indices: indices))
        }
    }

    /// Lists a batch's unreadable examples, or throws where the policy does not allow them.
    private func settle(_ flight: BatchQueue<Builder>.Flight, _ state: inout ConsumerState) throws {
        guard let first = flight.failures.first else { return }
        guard case .skip(let limit) = unreadable else { throw first.error }
        for failure in flight.failures {
            let index = flight.indices[failure.slot]
            guard state.unreadable.insert(index).inserted else { continue }
            let example = SkippedExample(index: index, reason: String(describing: failure.error))
            statistics.withLock { $0.skipped.append(example) }
        }
        if state.unreadable.count > limit {
            let reasons = statistics.withLock { $0.skipped.map(\.reason) }
            throw DatasetError(
                .unreadable, at: "data loader",
                "\(reasons.count) images cannot be read where \(limit) are allowed (\(reasons.prefix(5).joined(separator: " | ")))",
                remedy: "repair or remove them, or allow more")
        }
        if let fatal = flight.fatal { throw fatal }
    }

    private static var cancelled: DatasetError {
        DatasetError(.cancelled, at: "data loader", "it was cancelled", remedy: "make a new loader to go on")
    }

    private static func check(_ value: Int, in range: ClosedRange<Int>, _ name: String) throws {
        guard range.contains(value) else {
            throw DatasetError(
                .argument, at: name, "\(value) is not in \(range.lowerBound)…\(range.upperBound)", remedy: "choose a value in this range")
        }
    }
}

/// Where the training thread stands.
private struct ConsumerState {
    let epochs: Range<Int>
    /// The batch that `next` will deliver.
    var awaited: (epoch: Int, batch: Int)
    /// The batch that will be opened next, and the order of its epoch.
    private var opening: (epoch: Int, batch: Int)
    private(set) var order: EpochOrder
    private var orderEpoch: Int
    var unreadable: Set<Int> = []
    var failure: (any Error)?

    init(plan: BatchPlan, epochs: Range<Int>, firstBatch: Int) {
        self.epochs = epochs
        awaited = (epochs.lowerBound, firstBatch)
        opening = awaited
        order = plan.order(ofEpoch: epochs.lowerBound)
        orderEpoch = epochs.lowerBound
    }

    /// Claims the next batch to open and makes its epoch's order current; `nil` after the last epoch.
    mutating func nextToOpen(_ plan: BatchPlan) -> (epoch: Int, batch: Int)? {
        if opening.batch >= plan.batchCount { opening = (opening.epoch + 1, 0) }
        guard opening.epoch < epochs.upperBound else { return nil }
        if orderEpoch != opening.epoch {
            order = plan.order(ofEpoch: opening.epoch)
            orderEpoch = opening.epoch
        }
        defer { opening.batch += 1 }
        return opening
    }
}

/// What the loader counts for reports.
private struct Statistics {
    var waited = 0.0
    var delivered = 0
    var skipped: [SkippedExample] = []
}
