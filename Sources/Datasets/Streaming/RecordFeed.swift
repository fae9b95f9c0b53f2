import Foundation
import Synchronization

/// Reads a stream an epoch, ahead of training and on a thread of its own, shuffled within a bounded buffer.
///
/// At most the buffer's bounds, a thousand records behind it and the records of the mini-batches in flight are in memory, however long
/// the stream is: where training is slower the thread waits, and so does whoever writes into the pipe.
/// A record that is broken takes its place in the order as one whose reading throws, so that the loader's ``UnreadablePolicy`` holds.
public final class RecordFeed: Sendable {
    /// Makes the stream of one epoch. `epoch`: its number from 0. `pass`: how many streams were opened before, for pipes that are numbered
    /// from the beginning of the process.
    public typealias Opener = @Sendable (_ epoch: Int, _ pass: Int) throws -> any AnnotatedImageStream

    /// What messages call the stream.
    public let source: String
    /// How much is held to be shuffled.
    public let bounds: ShuffleBounds
    /// Records that wait behind the buffer.
    static let queueLimit = 1024
    /// Bytes of encoded pictures that wait behind the buffer.
    static let queueBytes = 32 << 20

    private let seed: UInt64
    private let firstPass: Int
    private let opener: Opener
    private let state: FeedQueue

    /// A feed that opens nothing yet. `bounds`: ``ShuffleBounds/none`` keeps the stream's order. `firstPass`: streams that feeds before this
    /// one opened.
    public init(source: String, bounds: ShuffleBounds, seed: UInt64, firstPass: Int = 0, opener: @escaping Opener) {
        self.source = source
        self.bounds = bounds
        self.seed = seed
        self.firstPass = firstPass
        self.opener = opener
        state = FeedQueue()
    }

    /// A record that a mini-batch in flight consists of. Any thread.
    /// - Throws: what reading it threw.
    public func record(at index: Int, epoch: Int) throws -> AnnotatedImage {
        guard let record = state.held.withLock({ $0[RecordKey(epoch: epoch, index: index)] }) else {
            throw DatasetError(
                .argument, at: source, "record \(index) of epoch \(epoch) is not in a mini-batch", remedy: "ask while its batch is filled")
        }
        return try record.get()
    }

    // MARK: The loader's side

    /// Starts reading. To be called once.
    func start(epochs: Range<Int>) throws {
        let (state, opener, bounds, seed, source, firstPass) = (state, opener, bounds, seed, source, firstPass)
        // Not joined: it may wait for a pipe that nobody opens. It ends by itself when that returns.
        _ = try WorkerThread(name: "feed") {
            for (pass, epoch) in epochs.enumerated() where !state.isCancelled {
                do {
                    let stream = try opener(epoch, firstPass + pass)
                    try state.read(stream, ShuffleBuffer(bounds: bounds, seed: seed, epoch: epoch), epoch: epoch, source: source)
                } catch {
                    state.put(.failed(error))
                    return
                }
            }
        }
    }

    /// What comes next in order, at most `count` records of one epoch; nil where fewer are at hand and `waiting` is false.
    func take(_ count: Int, waiting: Bool) throws -> FeedPiece? { try state.take(count, waiting: waiting) }

    /// Lets go of a mini-batch's records.
    func release(_ indices: [Int], epoch: Int) {
        state.held.withLock { held in for index in indices { held[RecordKey(epoch: epoch, index: index)] = nil } }
    }

    /// Lets the thread go.
    func cancel() { state.cancel() }
}
