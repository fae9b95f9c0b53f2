import Foundation
import Synchronization
import Testing

@testable import Datasets

/// Records 0 ..< count; those in `broken` throw, and behind `fatalAt` nothing can be read.
private final class CountingStream: AnnotatedImageStream, @unchecked Sendable {
    private let count: Int
    private let broken: Set<Int>
    private let fatalAt: Int?
    private let given: CountBox?
    private var position = 0
    var isRecoverable: Bool { position - 1 != fatalAt }

    init(_ count: Int, broken: Set<Int> = [], fatalAt: Int? = nil, given: CountBox? = nil) {
        (self.count, self.broken, self.fatalAt, self.given) = (count, broken, fatalAt, given)
    }

    func next() throws -> AnnotatedImage? {
        guard position < count else { return nil }
        defer { position += 1 }
        given?.add()
        if broken.contains(position) || fatalAt == position {
            throw DatasetError(.label, at: "record \(position)", "it is broken", remedy: "mend it")
        }
        return AnnotatedImage(
            name: "\(position).jpg", payload: .encoded([1, 2, 3]), annotation: .label(.single(position)), place: "record \(position)")
    }
}

private final class CountBox: Sendable {
    private let value = Atomic<Int>(0)
    func add() { value.add(1, ordering: .relaxed) }
    var count: Int { value.load(ordering: .relaxed) }
}

private struct LabelBuilder: BatchBuilder {
    let feed: RecordFeed

    func makeBatch(count: Int) -> Labels { Labels(count) }

    func fill(_ batch: Labels, slot: Int, index: Int, epoch: Int) throws {
        guard case .label(.single(let value)) = try feed.record(at: index, epoch: epoch).annotation else { return }
        batch.values.withLock { $0[slot] = value }
    }

    final class Labels: Sendable {
        let values: Mutex<[Int]>
        init(_ count: Int) { values = Mutex([Int](repeating: -1, count: count)) }
    }
}

@Suite("Mini-batches from streams", .timeLimit(.minutes(1)))
struct RecordFeedTests {
    private func loader(
        _ feed: RecordFeed, size: Int, remainder: RemainderPolicy = .keep, epochs: Range<Int> = 0..<1, first: Int = 0,
        unreadable: UnreadablePolicy = .fail
    ) throws -> BatchLoader<LabelBuilder> {
        try BatchLoader(
            builder: LabelBuilder(feed: feed), feed: feed, batchSize: size, remainder: remainder, epochs: epochs, firstBatch: first,
            workers: 2, unreadable: unreadable)
    }

    private func feed(
        _ count: Int, bounds: ShuffleBounds = ShuffleBounds(), seed: UInt64 = 7, broken: Set<Int> = [], fatalAt: Int? = nil,
        given: CountBox? = nil
    ) -> RecordFeed {
        RecordFeed(source: "a stream", bounds: bounds, seed: seed) { _, _ in
            CountingStream(count, broken: broken, fatalAt: fatalAt, given: given)
        }
    }

    private func epoch(_ loader: BatchLoader<LabelBuilder>) throws -> [Int] {
        var all: [Int] = []
        while let loaded = try loader.next() { all += loaded.batch.values.withLock { $0 } }
        return all
    }

    @Test("A stream that fits into the buffer is visited in the order of a data set of as many records", arguments: [1, 7, 50, 1000])
    func sameOrderAsPlan(count: Int) throws {
        let plan = try BatchPlan(exampleCount: count, batchSize: 8, shuffle: true, seed: 7)
        let loader = try loader(feed(count), size: 8, epochs: 3..<6)
        for number in 3..<6 { #expect(try epoch(loader) == Array(plan.order(ofEpoch: number))) }
        #expect(try loader.next() == nil)
    }

    @Test("A small buffer shuffles without losing or doubling a record, alike for the same seed, otherwise for another")
    func boundedShuffle() throws {
        let bounds = ShuffleBounds(records: 20)
        let orders = try [7, 7, 8].map { try epoch(loader(feed(500, bounds: bounds, seed: $0), size: 16)) }
        #expect(orders[0].sorted() == Array(0..<500))
        #expect(orders[0] == orders[1])
        #expect(orders[0] != orders[2])
        #expect(orders[0] != Array(0..<500))
        // A record can't come earlier than the buffer allows.
        #expect(orders[0].enumerated().allSatisfy { $1 < $0 + 20 })
    }

    @Test("The buffer is bounded in bytes, too")
    func byteBound() throws {
        let order = try epoch(loader(feed(300, bounds: ShuffleBounds(records: 1000, bytes: 1500)), size: 16))
        #expect(order.sorted() == Array(0..<300))
        #expect(order.enumerated().allSatisfy { $1 < $0 + 20 })
    }

    @Test("Without a buffer the order is the stream's own")
    func unshuffled() throws {
        #expect(try epoch(loader(feed(100, bounds: .none), size: 7)) == Array(0..<100))
    }

    @Test("The partial last batch is dropped where that is asked for, in every epoch")
    func remainder() throws {
        let loader = try loader(feed(100, bounds: .none), size: 30, remainder: .drop, epochs: 0..<2)
        #expect(try epoch(loader) == Array(0..<90))
        #expect(try epoch(loader) == Array(0..<90))
        #expect(message { _ = try epoch(self.loader(feed(10), size: 30, remainder: .drop)) }.contains("30 is more than the 10 records"))
    }

    @Test("A resumed run gets the batches that the whole run would have got, and later epochs whole", arguments: [0, 1, 3, 4])
    func resume(first: Int) throws {
        let bounds = ShuffleBounds(records: 10)
        let whole = try loader(feed(64, bounds: bounds), size: 16, epochs: 2..<4)
        let expected = try (epoch(whole), epoch(whole))
        let resumed = try loader(feed(64, bounds: bounds), size: 16, epochs: 2..<4, first: first)
        #expect(try epoch(resumed) == Array(expected.0.dropFirst(16 * first)))
        #expect(try epoch(resumed) == expected.1)
    }

    @Test("The reader waits where training is slower: memory does not grow with the stream")
    func backPressure() throws {
        let given = CountBox()
        let loader = try loader(feed(1_000_000, bounds: ShuffleBounds(records: 100), given: given), size: 10)
        _ = try loader.next()
        #expect(eventually { given.count > RecordFeed.queueLimit })
        Thread.sleep(forTimeInterval: 0.05)
        #expect(given.count < 100 + RecordFeed.queueLimit + 10 * 6 + 2)
        loader.cancel()
    }

    @Test("A mini-batch larger than the queue still comes together")
    func largeBatch() throws {
        let size = 3 * RecordFeed.queueLimit
        #expect(try epoch(loader(feed(2 * size + 5, bounds: .none), size: size)) == Array(0..<2 * size + 5))
    }

    @Test("A broken record is skipped where that is allowed and named where not")
    func broken() throws {
        let lenient = try loader(feed(40, bounds: .none, broken: [3, 17]), size: 10, unreadable: .skip(limit: 5))
        #expect(try Set(epoch(lenient)) == Set(0..<40).subtracting([3, 17]))
        #expect(lenient.skipped.map(\.index) == [3, 17])
        #expect(message { _ = try epoch(loader(feed(40, broken: [3]), size: 10)) }.contains("record 3: it is broken"))
    }

    @Test("A stream that breaks off gives what came before, then the error")
    func breaksOff() throws {
        let loader = try loader(feed(100, bounds: .none, fatalAt: 45), size: 10)
        var seen = 0
        let error = message { while let loaded = try loader.next() { seen += loaded.indices.count } }
        #expect(seen == 45)
        #expect(error.contains("record 45"))
    }

    @Test("An empty stream is an error, as is a stream that can't be opened")
    func empty() throws {
        #expect(message { _ = try epoch(loader(feed(0), size: 10)) }.contains("holds no records"))
        let unopened = RecordFeed(source: "x", bounds: .none, seed: 0) { _, _ in
            throw DatasetError(.unreadable, at: "pipe", "nobody writes into it", remedy: "start the feeder")
        }
        #expect(message { _ = try epoch(loader(unopened, size: 10)) }.contains("nobody writes"))
    }

    @Test("Cancelling frees a training thread that waits for a late stream")
    func cancelWhileLate() throws {
        let late = RecordFeed(source: "late", bounds: .none, seed: 0) { _, _ in
            Thread.sleep(forTimeInterval: 0.5)
            return CountingStream(10)
        }
        let loader = try loader(late, size: 5)
        Thread.detachNewThread {
            Thread.sleep(forTimeInterval: 0.05)
            loader.cancel()
        }
        #expect(message { _ = try loader.next() }.contains("cancelled"))
    }

    @Test("Streams are numbered from the first that this process opens")
    func passes() throws {
        let opened = Mutex<[[Int]]>([])
        let feed = RecordFeed(source: "s", bounds: .none, seed: 0) { epoch, pass in
            opened.withLock { $0.append([epoch, pass]) }
            return CountingStream(4)
        }
        let loader = try loader(feed, size: 4, epochs: 5..<7)
        _ = try (epoch(loader), epoch(loader))
        #expect(opened.withLock { $0 } == [[5, 0], [6, 1]])
    }

    @Test("A mini-batch that is larger than the queue comes, though the feed has filled that first", .timeLimit(.minutes(1)))
    func fullBeforeAsked() throws {
        let queue = FeedQueue()
        let count = RecordFeed.queueLimit + 100
        let feeding = Thread {
            for index in 0...count {
                let image = AnnotatedImage(name: "i", payload: .encoded([1]), annotation: .label(.single(0)), place: "p")
                queue.put(.record(RecordKey(epoch: 0, index: index), .success(image), bytes: 1))
            }
        }
        feeding.start()
        usleep(300_000)
        #expect(try queue.take(count, waiting: true)?.indices == Array(0..<count))
    }
}
