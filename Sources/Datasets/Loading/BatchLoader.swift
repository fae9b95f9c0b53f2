import Foundation
import Machine
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
    /// Number of worker threads.
    public let workerCount: Int
    /// How many batches are opened ahead.
    public let batchesInFlight: Int

    private let builder: Builder
    private let unreadable: UnreadablePolicy
    /// For what any thread may ask of it; the training thread's copy advances.
    private let schedule: any BatchSchedule
    private let queue: BatchQueue<Builder>
    private let consumer: Mutex<ConsumerState>
    private let threads: Mutex<[WorkerThread]>
    private let statistics = Mutex(Statistics())

    /// ``LoadingWorkers/count(onCores:)`` of the whole machine.
    public static var defaultWorkerCount: Int { LoadingWorkers.count(onCores: ProcessorCores.available) }

    /// Starts the workers; they begin with batch `firstBatch` of the first epoch at once.
    ///
    /// - Parameters:
    ///   - builder: makes room for batches and fills their slots.
    ///   - plan: how each epoch is cut into batches.
    ///   - share: the part of each batch that is loaded here.
    ///   - epochs: epochs to load, one after the other.
    ///   - firstBatch: where the first epoch begins, 0…`plan.batchCount`: a resumed run skips what the first run saw, unread.
    ///   - workers: number of threads, ``defaultWorkerCount`` if `nil`.
    ///   - batchesInFlight: batches opened ahead of the one in use.
    ///   - unreadable: what to do about examples that cannot be read.
    /// - Throws: ``DatasetError`` for an argument out of range or if threads cannot be started, and what `makeBatch` throws.
    public convenience init(
        builder: Builder, plan: BatchPlan, share: BatchShare = .whole, epochs: Range<Int>, firstBatch: Int = 0, workers: Int? = nil,
        batchesInFlight: Int = 4, unreadable: UnreadablePolicy = .fail
    ) throws {
        try Self.check(firstBatch, in: 0...plan.batchCount, "first batch")
        try self.init(
            builder: builder, schedule: { PlannedBatches(plan, share: share, epochs: epochs, firstBatch: firstBatch) }, epochs: epochs,
            workers: workers, batchesInFlight: batchesInFlight, unreadable: unreadable)
    }

    /// Starts the workers on mini-batches of a stream; ``RecordFeed/record(at:epoch:)`` gives the builder their records.
    ///
    /// - Parameters:
    ///   - builder: makes room for batches and fills their slots.
    ///   - feed: the stream; a feed serves one loader.
    ///   - batchSize: examples a mini-batch.
    ///   - share: the part of each batch that is loaded here; the stream is read whole.
    ///   - remainder: what becomes of a partial last batch; a stream can't wrap around.
    ///   - epochs: epochs to load, one stream each.
    ///   - firstBatch: where the first epoch begins: a resumed run reads over what the first run saw, without decoding.
    ///   - workers: number of threads, ``defaultWorkerCount`` if `nil`.
    ///   - batchesInFlight: batches opened ahead of the one in use.
    ///   - unreadable: what to do about examples that cannot be read.
    /// - Throws: ``DatasetError`` for an argument out of range or if threads cannot be started, and what `makeBatch` throws.
    public convenience init(
        builder: Builder, feed: RecordFeed, batchSize: Int, share: BatchShare = .whole, remainder: RemainderPolicy = .keep,
        epochs: Range<Int>, firstBatch: Int = 0, workers: Int? = nil, batchesInFlight: Int = 4, unreadable: UnreadablePolicy = .fail
    ) throws {
        try Self.check(firstBatch, in: 0...Int(UInt32.max), "first batch")
        try Self.check(batchSize, in: 1...BatchPlan.largestBatch, "mini_batch_size")
        try self.init(
            builder: builder,
            schedule: {
                try StreamedBatches(
                    feed, batchSize: batchSize, share: share, remainder: remainder, epochs: epochs, firstBatch: firstBatch)
            },
            epochs: epochs, workers: workers, batchesInFlight: batchesInFlight, unreadable: unreadable)
    }

    private init(
        builder: Builder, schedule: () throws -> any BatchSchedule, epochs: Range<Int>, workers: Int?, batchesInFlight: Int,
        unreadable: UnreadablePolicy
    ) throws {
        try Self.check(workers ?? 1, in: 1...256, "number of workers")
        try Self.check(batchesInFlight, in: 1...1024, "number of batches in flight")
        try Self.check(epochs.lowerBound, in: 0...Int(UInt32.max), "first epoch")
        self.builder = builder
        self.unreadable = unreadable
        self.batchesInFlight = batchesInFlight
        workerCount = workers ?? Self.defaultWorkerCount
        let queue = BatchQueue(builder: builder, workers: workerCount, substitutes: unreadable != .fail)
        self.queue = queue
        let schedule = try schedule()
        self.schedule = schedule
        consumer = Mutex(ConsumerState(schedule: schedule))
        threads = Mutex([])
        // From here on deinit would run, and so would what it joins.
        for number in 0..<workerCount {
            let thread = try WorkerThread(name: "load-\(number)") { queue.work() }
            threads.withLock { $0.append(thread) }
        }
        // A stream may be late: ``next()`` waits for it, not this.
        try consumer.withLock { try refill(&$0, waits: false) }
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
        schedule.cancel()
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
        let start = ContinuousClock.now
        try refill(&state)
        // Nothing opened and no end in sight: a stream is late.
        guard let upcoming = state.upcoming.first else {
            if queue.isCancelled { throw Self.cancelled }
            return nil
        }
        state.upcoming.removeFirst()
        let repeated: Range<Int>
        switch upcoming {
        case .batch(let slots): repeated = slots
        case .endOfEpoch: return nil
        case .failed(let error): throw error
        }
        guard let flight = queue.take() else { throw Self.cancelled }
        let waited = start.duration(to: .now) / .seconds(1)
        try settle(flight, &state)
        schedule.release(flight.indices, epoch: flight.epoch)
        statistics.withLock {
            $0.waited += waited
            $0.delivered += 1
        }
        try refill(&state)
        return LoadedBatch(
            batch: flight.batch, epoch: flight.epoch, number: flight.number, indices: flight.indices,
            duplicateSlots: Set(Array(repeated) + flight.failures.map(\.slot)).sorted())
    }

    /// Opens batches until enough are in flight, over the ends of epochs; waits for a stream only where nothing else is to be done.
    private func refill(_ state: inout ConsumerState, waits: Bool = true) throws {
        while queue.inFlight < batchesInFlight {
            if case .failed? = state.upcoming.last { return }
            let scheduled: ScheduledBatch
            do {
                scheduled = try state.schedule.next(waiting: waits && state.upcoming.isEmpty)
            } catch {
                // What came before it is still trained on.
                state.upcoming.append(.failed(error))
                return
            }
            switch scheduled {
            case .batch(let epoch, let number, let indices, let repeated, let neighbours):
                state.upcoming.append(.batch(repeated: repeated))
                queue.open(
                    .init(
                        batch: try builder.makeBatch(count: indices.count), epoch: epoch, number: number, indices: indices,
                        neighbours: neighbours))
            case .endOfEpoch: state.upcoming.append(.endOfEpoch)
            case .end, .notYet: return
            }
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

/// How many threads load mini-batches unless somebody says.
public enum LoadingWorkers {
    /// A worker for each core but one, which training keeps; 8 at most.
    public static func count(onCores cores: Int) -> Int { min(8, max(1, cores - 1)) }
}

/// Where the training thread stands.
private struct ConsumerState {
    /// What ``BatchLoader/next()`` will give, in order.
    enum Upcoming {
        /// The oldest mini-batch in the queue. `repeated`: its slots that repeat examples of the epoch.
        case batch(repeated: Range<Int>)
        case endOfEpoch
        /// A stream that breaks off here.
        case failed(any Error)
    }

    var schedule: any BatchSchedule
    var upcoming: [Upcoming] = []
    var unreadable: Set<Int> = []
    var failure: (any Error)?

    init(schedule: any BatchSchedule) { self.schedule = schedule }
}

/// What the loader counts for reports.
private struct Statistics {
    var waited = 0.0
    var delivered = 0
    var skipped: [SkippedExample] = []
}
