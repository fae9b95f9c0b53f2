import Datasets

extension ClassificationSource {
    /// Starts to load training mini-batches: each epoch in an order of its own, the partial last mini-batch left out.
    func loadTraining(
        batchSize: Int, transform: ClassificationTransform, seed: UInt64, bounds: ShuffleBounds, epochs: Range<Int>, firstBatch: Int,
        workers: Int?, unreadable: UnreadablePolicy
    ) throws -> BatchLoader<ClassificationBatchBuilder> {
        switch self {
        case .dataset(let dataset):
            let plan = try BatchPlan(exampleCount: dataset.count, batchSize: batchSize, remainder: .drop, shuffle: true, seed: seed)
            return try BatchLoader(
                builder: ClassificationBatchBuilder(dataset: dataset, transform: transform, seed: seed), plan: plan, epochs: epochs,
                firstBatch: firstBatch, workers: workers, unreadable: unreadable)
        case .stream(let stream):
            let feed = stream.feed(bounds: bounds, seed: seed)
            return try BatchLoader(
                builder: ClassificationBatchBuilder(stream: stream, feed: feed, transform: transform, seed: seed), feed: feed,
                batchSize: batchSize, remainder: .drop, epochs: epochs, firstBatch: firstBatch, workers: workers, unreadable: unreadable)
        }
    }

    /// Starts to load every record once, in order. `pass`: how often that was done before; a pipe has another FIFO for each.
    func loadOnce(
        batchSize: Int, transform: ClassificationTransform, pass: Int, workers: Int?
    ) throws -> BatchLoader<ClassificationBatchBuilder> {
        switch self {
        case .dataset(let dataset):
            let plan = try BatchPlan(exampleCount: dataset.count, batchSize: min(batchSize, dataset.count))
            return try BatchLoader(
                builder: ClassificationBatchBuilder(dataset: dataset, transform: transform), plan: plan, epochs: 0..<1, workers: workers)
        case .stream(let stream):
            let feed = stream.feed(bounds: .none, seed: 0, firstPass: pass)
            return try BatchLoader(
                builder: ClassificationBatchBuilder(stream: stream, feed: feed, transform: transform), feed: feed, batchSize: batchSize,
                epochs: 0..<1, workers: workers)
        }
    }

    /// Mini-batches an epoch of training, where the number of records is known.
    func stepsPerEpoch(batchSize: Int) -> Int? { count.map { $0 / max(1, batchSize) } }
}
