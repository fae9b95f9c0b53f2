/// Which examples the loader's mini-batches consist of, in order: cut from a data set by a plan, or from a stream as it comes.
///
/// Used by the training thread alone.
protocol BatchSchedule: Sendable {
    /// What comes next. `waiting`: whether to wait for a stream that is late; else ``ScheduledBatch/notYet`` says that it is.
    mutating func next(waiting: Bool) throws -> ScheduledBatch
    /// A mini-batch has left the loader.
    func release(_ indices: [Int], epoch: Int)
    /// The loader has been cancelled. From any thread.
    func cancel()
}

/// A step of a schedule.
enum ScheduledBatch {
    /// A mini-batch. `repeated`: the slots whose examples this epoch has seen before. `neighbours`: what may stand for examples that can't be
    /// read.
    case batch(epoch: Int, number: Int, indices: [Int], repeated: Range<Int>, neighbours: Neighbours)
    /// The end of an epoch.
    case endOfEpoch
    /// The end of the last epoch, and from then on.
    case end
    /// A stream is late.
    case notYet
}

/// The whole mini-batch of which a process has a part.
struct Neighbours {
    let examples: [Int]
    /// Where the part begins.
    let start: Int

    /// The examples before slot `slot` of the part, the nearest first, cyclic; and which of the part's slots each is, if any.
    func before(_ slot: Int, of count: Int) -> some Sequence<(example: Int, slot: Int?)> {
        (1..<max(1, examples.count)).lazy.map { distance in
            let place = (start + slot - distance + examples.count) % examples.count
            return (examples[place], (start..<start + count).contains(place) ? place - start : nil)
        }
    }
}

/// Mini-batches of a data set whose records are read in any order.
struct PlannedBatches: BatchSchedule {
    private let plan: BatchPlan
    private let share: BatchShare
    private let epochs: Range<Int>
    private var epoch: Int
    private var number: Int
    /// The next turn at mini-batch `number`.
    private var piece = 0
    private var order: EpochOrder?

    init(_ plan: BatchPlan, share: BatchShare = .whole, epochs: Range<Int>, firstBatch: Int) {
        self.plan = plan
        self.share = share
        self.epochs = epochs
        epoch = epochs.lowerBound
        number = firstBatch
    }

    mutating func next(waiting: Bool) -> ScheduledBatch {
        while true {
            guard epoch < epochs.upperBound else { return .end }
            guard number < plan.batchCount else {
                (epoch, number, order) = (epoch + 1, 0, nil)
                return .endOfEpoch
            }
            let order = order ?? plan.order(ofEpoch: epoch)
            self.order = order
            let (whole, repeated) = (plan.indices(ofBatch: number, in: order), plan.wrappedSlots(ofBatch: number))
            let (number, slots) = (number, share.slots(of: whole.count, piece: piece))
            advance()
            // Of a short last mini-batch some have nothing.
            guard !slots.isEmpty else { continue }
            return .batch(
                epoch: epoch, number: number, indices: Array(whole[slots]),
                repeated: repeated.clamped(to: slots).shifted(by: -slots.lowerBound),
                neighbours: Neighbours(examples: whole, start: slots.lowerBound))
        }
    }

    private mutating func advance() {
        piece += 1
        if piece == share.pieces { (number, piece) = (number + 1, 0) }
    }

    func release(_ indices: [Int], epoch: Int) {}
    func cancel() {}
}

/// Mini-batches of records in the order in which a feed gives them.
struct StreamedBatches: BatchSchedule {
    private let feed: RecordFeed
    private let share: BatchShare
    /// Turns at the mini-batch that was taken last, in order.
    private var turns: [ScheduledBatch] = []
    private let batchSize: Int
    private let dropsRemainder: Bool
    private let epochs: Range<Int>
    private var epoch: Int
    private var number = 0
    /// Mini-batches of the first epoch that a run before this one has seen.
    private var toSkip: Int
    private var epochHasEnded = false

    /// Starts the feed.
    init(
        _ feed: RecordFeed, batchSize: Int, share: BatchShare = .whole, remainder: RemainderPolicy, epochs: Range<Int>, firstBatch: Int
    ) throws {
        guard remainder != .wrap else {
            throw DatasetError(
                .argument, at: feed.source, "a stream can't begin again to fill its last mini-batch", remedy: "keep or drop the remainder")
        }
        self.feed = feed
        self.share = share
        self.batchSize = batchSize
        dropsRemainder = remainder == .drop
        self.epochs = epochs
        epoch = epochs.lowerBound
        toSkip = firstBatch
        try feed.start(epochs: epochs)
    }

    mutating func next(waiting: Bool) throws -> ScheduledBatch {
        guard epoch < epochs.upperBound else { return .end }
        while true {
            if !turns.isEmpty { return turns.removeFirst() }
            if epochHasEnded {
                (epoch, number, epochHasEnded, toSkip) = (epoch + 1, 0, false, 0)
                return .endOfEpoch
            }
            guard let piece = try feed.take(batchSize, waiting: waiting) else { return .notYet }
            epochHasEnded = piece.endsEpoch
            let isWhole = piece.indices.count == batchSize
            guard isWhole || !dropsRemainder && !piece.indices.isEmpty else {
                guard number > 0 || !piece.endsEpoch || piece.indices.isEmpty else {
                    throw DatasetError(
                        .argument, at: "mini_batch_size",
                        "\(batchSize) is more than the \(piece.indices.count) records of \(feed.source), so no whole batch is left",
                        remedy: "set it to \(piece.indices.count) or less")
                }
                feed.release(piece.indices, epoch: epoch)
                continue
            }
            defer { number += 1 }
            guard number >= toSkip else {
                feed.release(piece.indices, epoch: epoch)
                continue
            }
            turns = own(piece.indices)
        }
    }

    /// This process's turns at a mini-batch; the other processes' records are let go.
    private func own(_ indices: [Int]) -> [ScheduledBatch] {
        let slots = (0..<share.pieces).map { share.slots(of: indices.count, piece: $0) }
        guard let first = slots.first, let last = slots.last else { return [] }
        feed.release(Array(indices[..<first.lowerBound] + indices[last.upperBound...]), epoch: epoch)
        return slots.filter { !$0.isEmpty }.map {
            // Records of the others are gone.
            .batch(
                epoch: epoch, number: number, indices: Array(indices[$0]), repeated: 0..<0,
                neighbours: Neighbours(examples: Array(indices[$0]), start: 0))
        }
    }

    func release(_ indices: [Int], epoch: Int) { feed.release(indices, epoch: epoch) }
    func cancel() { feed.cancel() }
}

extension Range<Int> {
    fileprivate func shifted(by offset: Int) -> Range<Int> { lowerBound + offset..<upperBound + offset }
}
