import Datasets

/// Gives a task's builder the record of an example in an epoch; called on worker threads.
typealias RecordReader<Record> = @Sendable (_ index: Int, _ epoch: Int) throws -> Record

extension ImageSource {
    /// Starts to load training mini-batches: each epoch in an order of its own, the partial last mini-batch left out. `batchSize`: before
    /// machines multiply it. `builder`: makes the task's builder over a reader of records.
    func loadTraining<Builder: BatchBuilder>(
        batchSize size: Int, share: BatchShare, seed: UInt64, bounds: ShuffleBounds, epochs: Range<Int>, firstBatch: Int, workers: Int?,
        unreadable: UnreadablePolicy, builder: (@escaping RecordReader<Dataset.Record>) -> Builder
    ) throws -> BatchLoader<Builder> {
        let batchSize = share.batchSize(size)
        guard batchSize >= share.smallestBatch else {
            throw TaskError(
                "mini_batch_size is \(size): \(batchSize) images an update, for \(share.parts) processes"
                    + (share.pieces > 1 ? " with \(share.pieces) turns each" : "")
                    + ". Set it to \((share.smallestBatch + share.machines - 1) / share.machines) or more, or use fewer processes.")
        }
        switch self {
        case .dataset(let dataset):
            let plan = try BatchPlan(exampleCount: dataset.count, batchSize: batchSize, remainder: .drop, shuffle: true, seed: seed)
            return try BatchLoader(
                builder: builder { index, _ in try dataset.record(at: index) }, plan: plan, share: share, epochs: epochs,
                firstBatch: firstBatch, workers: workers, unreadable: unreadable)
        case .stream(let stream):
            let feed = stream.feed(bounds: bounds, seed: seed)
            return try BatchLoader(
                builder: builder { index, epoch in try stream.record(feed.record(at: index, epoch: epoch)) }, feed: feed,
                batchSize: batchSize, share: share, remainder: .drop, epochs: epochs, firstBatch: firstBatch, workers: workers,
                unreadable: unreadable)
        }
    }

    /// Starts to load every record once, in order; of several processes, each of which takes as large mini-batches, this one's. `pass`: how often that was done before; a pipe has another FIFO for each. `ahead`:
    /// mini-batches that are filled besides the one in use.
    func loadOnce<Builder: BatchBuilder>(
        batchSize size: Int, share: BatchShare = .whole, pass: Int, workers: Int?, ahead: Int = 4,
        builder: (@escaping RecordReader<Dataset.Record>) -> Builder
    ) throws -> BatchLoader<Builder> {
        let batchSize = size * share.parts
        switch self {
        case .dataset(let dataset):
            let plan = try BatchPlan(exampleCount: dataset.count, batchSize: min(batchSize, dataset.count))
            return try BatchLoader(
                builder: builder { index, _ in try dataset.record(at: index) }, plan: plan, share: share, epochs: 0..<1, workers: workers,
                batchesInFlight: ahead)
        case .stream(let stream):
            let feed = stream.feed(bounds: .none, seed: 0, firstPass: pass)
            return try BatchLoader(
                builder: builder { index, epoch in try stream.record(feed.record(at: index, epoch: epoch)) }, feed: feed,
                batchSize: batchSize, share: share, epochs: 0..<1, workers: workers, batchesInFlight: ahead)
        }
    }

    /// Updates an epoch of training, where the number of records is known. `batchSize`: before machines multiply it.
    func stepsPerEpoch(batchSize: Int, share: BatchShare) -> Int? { count.map { $0 / max(1, share.batchSize(batchSize)) } }
}
