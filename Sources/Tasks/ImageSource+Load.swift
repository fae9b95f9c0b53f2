import Datasets

/// Gives a task's builder the record of an example in an epoch; called on worker threads.
typealias RecordReader<Record> = @Sendable (_ index: Int, _ epoch: Int) throws -> Record

extension ImageSource {
    /// Starts to load training mini-batches: each epoch in an order of its own, the partial last mini-batch left out. `builder`: makes the
    /// task's builder over a reader of records.
    func loadTraining<Builder: BatchBuilder>(
        batchSize: Int, seed: UInt64, bounds: ShuffleBounds, epochs: Range<Int>, firstBatch: Int, workers: Int?,
        unreadable: UnreadablePolicy, builder: (@escaping RecordReader<Dataset.Record>) -> Builder
    ) throws -> BatchLoader<Builder> {
        switch self {
        case .dataset(let dataset):
            let plan = try BatchPlan(exampleCount: dataset.count, batchSize: batchSize, remainder: .drop, shuffle: true, seed: seed)
            return try BatchLoader(
                builder: builder { index, _ in try dataset.record(at: index) }, plan: plan, epochs: epochs, firstBatch: firstBatch,
                workers: workers, unreadable: unreadable)
        case .stream(let stream):
            let feed = stream.feed(bounds: bounds, seed: seed)
            return try BatchLoader(
                builder: builder { index, epoch in try stream.record(feed.record(at: index, epoch: epoch)) }, feed: feed,
                batchSize: batchSize, remainder: .drop, epochs: epochs, firstBatch: firstBatch, workers: workers, unreadable: unreadable)
        }
    }

    /// Starts to load every record once, in order. `pass`: how often that was done before; a pipe has another FIFO for each. `ahead`:
    /// mini-batches that are filled besides the one in use.
    func loadOnce<Builder: BatchBuilder>(
        batchSize: Int, pass: Int, workers: Int?, ahead: Int = 4, builder: (@escaping RecordReader<Dataset.Record>) -> Builder
    ) throws -> BatchLoader<Builder> {
        switch self {
        case .dataset(let dataset):
            let plan = try BatchPlan(exampleCount: dataset.count, batchSize: min(batchSize, dataset.count))
            return try BatchLoader(
                builder: builder { index, _ in try dataset.record(at: index) }, plan: plan, epochs: 0..<1, workers: workers,
                batchesInFlight: ahead)
        case .stream(let stream):
            let feed = stream.feed(bounds: .none, seed: 0, firstPass: pass)
            return try BatchLoader(
                builder: builder { index, epoch in try stream.record(feed.record(at: index, epoch: epoch)) }, feed: feed,
                batchSize: batchSize, epochs: 0..<1, workers: workers, batchesInFlight: ahead)
        }
    }

    /// Mini-batches an epoch of training, where the number of records is known.
    func stepsPerEpoch(batchSize: Int) -> Int? { count.map { $0 / max(1, batchSize) } }
}
