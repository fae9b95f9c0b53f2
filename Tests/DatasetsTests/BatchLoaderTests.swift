import Datasets
import Foundation
import Synchronization
import Testing

/// A batch that remembers what was written into each slot.
final class SlotBatch: Sendable {
    private let values: Mutex<[Int]>
    init(count: Int) { values = Mutex([Int](repeating: -1, count: count)) }
    func set(_ slot: Int, _ value: Int) { values.withLock { $0[slot] = value } }
    var content: [Int] { values.withLock { $0 } }
}

struct BadImage: Error, CustomStringConvertible {
    var index: Int
    var description: String { "image \(index) is damaged" }
}

/// Writes `1000 · epoch + index`, counts what it does, fails for some indices, and waits where a test wants it to.
final class RecordingBuilder: BatchBuilder {
    let filled = Atomic<Int>(0)
    let made = Atomic<Int>(0)
    private let bad: Set<Int>
    private let wait: @Sendable (Int) -> Void

    init(bad: Set<Int> = [], wait: @escaping @Sendable (Int) -> Void = { _ in }) {
        self.bad = bad
        self.wait = wait
    }

    func makeBatch(count: Int) -> SlotBatch {
        made.add(1, ordering: .relaxed)
        return SlotBatch(count: count)
    }

    func fill(_ batch: SlotBatch, slot: Int, index: Int, epoch: Int) throws {
        wait(index)
        filled.add(1, ordering: .relaxed)
        if bad.contains(index) { throw BadImage(index: index) }
        batch.set(slot, 1000 * epoch + index)
    }
}

/// Holds workers until it is opened.
final class Gate: Sendable {
    private let condition = NSCondition()
    private let isOpen = Mutex(false)

    func pass() {
        condition.withLock { while !isOpen.withLock({ $0 }) { condition.wait() } }
    }

    func open() {
        condition.withLock {
            isOpen.withLock { $0 = true }
            condition.broadcast()
        }
    }
}

/// Waits until `condition` holds; false after ten seconds.
func eventually(_ condition: () -> Bool) -> Bool {
    for _ in 0..<10_000 {
        if condition() { return true }
        usleep(1000)
    }
    return false
}

@Suite("Batch loader", .timeLimit(.minutes(1)))
struct BatchLoaderTests {
    private func contents<B: BatchBuilder>(_ loader: BatchLoader<B>, epochs: Int = 1) throws -> [[Int]] where B.Batch == SlotBatch {
        var all: [[Int]] = []
        for _ in 0..<epochs { while let loaded = try loader.next() { all.append(loaded.batch.content) } }
        return all
    }

    private func plan(_ count: Int, _ size: Int, _ remainder: RemainderPolicy = .keep, shuffle: Bool = true) throws -> BatchPlan {
        try BatchPlan(exampleCount: count, batchSize: size, remainder: remainder, shuffle: shuffle, seed: 11)
    }

    @Test("Batches come in the plan's order, whatever the number of workers and the time that images take", arguments: [1, 2, 8])
    func order(workers: Int) throws {
        let builder = RecordingBuilder { index in usleep(UInt32(index % 7) * 100) }
        let plan = try plan(50, 8)
        let loader = try BatchLoader(builder: builder, plan: plan, epochs: 0..<2, workers: workers)
        let expected = (0..<2).flatMap { epoch -> [[Int]] in
            let order = plan.order(ofEpoch: epoch).map { 1000 * epoch + $0 }
            return stride(from: 0, to: 50, by: 8).map { Array(order[$0..<min(50, $0 + 8)]) }
        }
        #expect(try contents(loader, epochs: 2) == expected)
        #expect(try loader.next()?.number == nil)
        #expect(loader.deliveredBatches == 14)
        #expect(builder.filled.load(ordering: .relaxed) == 100)
    }

    @Test("Each batch says its epoch, number, indices and wrapped slots")
    func identity() throws {
        let loader = try BatchLoader(builder: RecordingBuilder(), plan: plan(5, 2, .wrap, shuffle: false), epochs: 3..<4)
        var seen: [LoadedBatch<SlotBatch>] = []
        while let loaded = try loader.next() { seen.append(loaded) }
        #expect(seen.map(\.number) == [0, 1, 2])
        #expect(seen.map(\.epoch) == [3, 3, 3])
        #expect(seen.map(\.indices) == [[0, 1], [2, 3], [4, 0]])
        #expect(seen.map(\.duplicateSlots) == [[], [], [1]])
        #expect(seen[2].batch.content == [3004, 3000])
    }

    @Test("A run that resumes at batch k sees the tail of the whole run and reads nothing else", arguments: [0, 3, 6, 7])
    func resume(first: Int) throws {
        let plan = try plan(50, 8)
        let whole = try contents(BatchLoader(builder: RecordingBuilder(), plan: plan, epochs: 1..<3, workers: 2), epochs: 2)
        let builder = RecordingBuilder()
        let resumed = try BatchLoader(builder: builder, plan: plan, epochs: 1..<3, firstBatch: first, workers: 3)
        #expect(try contents(resumed, epochs: 2) == Array(whole.dropFirst(first)))
        #expect(builder.made.load(ordering: .relaxed) == 14 - first)
    }

    @Test("No more batches are opened than allowed until one is taken")
    func backPressure() throws {
        let builder = RecordingBuilder()
        let loader = try BatchLoader(builder: builder, plan: plan(100, 5), epochs: 0..<1, workers: 2, batchesInFlight: 3)
        #expect(eventually { builder.filled.load(ordering: .relaxed) == 15 })
        usleep(20_000)
        #expect(builder.filled.load(ordering: .relaxed) == 15)
        #expect(builder.made.load(ordering: .relaxed) == 3)
        _ = try loader.next()
        #expect(eventually { builder.filled.load(ordering: .relaxed) == 20 })
        #expect(builder.made.load(ordering: .relaxed) == 4)
    }

    @Test("The workers share the examples of one batch")
    func parallelWithinBatch() throws {
        let inside = Mutex(0)
        let gate = Gate()
        let builder = RecordingBuilder { _ in
            inside.withLock { $0 += 1 }
            gate.pass()
        }
        let loader = try BatchLoader(builder: builder, plan: plan(16, 16), epochs: 0..<1, workers: 4)
        #expect(eventually { inside.withLock { $0 } == 4 })
        gate.open()
        #expect(try loader.next()?.batch.content.count == 16)
    }

    @Test("Time spent waiting for workers is measured, time spent training is not")
    func waiting() throws {
        let slow = try BatchLoader(builder: RecordingBuilder { _ in usleep(20_000) }, plan: plan(4, 1), epochs: 0..<1, workers: 1)
        _ = try contents(slow)
        #expect(slow.waitedSeconds > 0.04)
        let builder = RecordingBuilder()
        let quick = try BatchLoader(builder: builder, plan: plan(4, 1), epochs: 0..<1, workers: 1)
        #expect(eventually { builder.filled.load(ordering: .relaxed) == 4 })
        usleep(100_000)
        _ = try contents(quick)
        #expect(quick.waitedSeconds < 0.05)
    }

    @Test("Batches are made on the thread that asks for them")
    func makingThread() throws {
        final class Builder: BatchBuilder {
            let makers = Mutex<Set<UInt>>([])
            func makeBatch(count: Int) -> SlotBatch {
                makers.withLock { _ = $0.insert(UInt(bitPattern: ObjectIdentifier(Thread.current))) }
                return SlotBatch(count: count)
            }
            func fill(_ batch: SlotBatch, slot: Int, index: Int, epoch: Int) { batch.set(slot, index) }
        }
        let builder = Builder()
        let loader = try BatchLoader(builder: builder, plan: plan(40, 4), epochs: 0..<1, workers: 2)
        _ = try contents(loader)
        #expect(builder.makers.withLock { $0 } == [UInt(bitPattern: ObjectIdentifier(Thread.current))])
    }

    @Test("Workers run at a lower priority than the thread that made them")
    func priority() throws {
        let seen = Mutex<Set<Int32>>([])
        let process = __priority_which_t(PRIO_PROCESS.rawValue)
        let own = getpriority(process, 0)
        let builder = RecordingBuilder { _ in seen.withLock { _ = $0.insert(getpriority(__priority_which_t(PRIO_PROCESS.rawValue), 0)) } }
        _ = try contents(BatchLoader(builder: builder, plan: plan(40, 4), epochs: 0..<1, workers: 2))
        #expect(seen.withLock { $0 } == [min(19, own + 5)])
        #expect(getpriority(process, 0) == own)
    }

    @Test("Many tiny batches over many epochs neither deadlock nor lose an example")
    func stress() throws {
        let plan = try plan(97, 1)
        for workers in [1, 3, 8] {
            let loader = try BatchLoader(builder: RecordingBuilder(), plan: plan, epochs: 0..<10, workers: workers, batchesInFlight: 2)
            let all = try contents(loader, epochs: 10).flatMap { $0 }
            #expect(all == (0..<10).flatMap { epoch in plan.order(ofEpoch: epoch).map { 1000 * epoch + $0 } })
        }
    }

    @Test("Arguments out of range are errors")
    func arguments() throws {
        let plan = try plan(4, 2)
        func failure(_ first: Int = 0, workers: Int = 1, inFlight: Int = 1, epochs: Range<Int> = 0..<1) -> String {
            message {
                _ = try BatchLoader(
                    builder: RecordingBuilder(), plan: plan, epochs: epochs, firstBatch: first, workers: workers, batchesInFlight: inFlight)
            }
        }
        #expect(failure() == "no error")
        #expect(failure(3).hasPrefix("first batch: 3 is not in 0…2"))
        #expect(failure(workers: 0).hasPrefix("number of workers: 0 is not in 1…256"))
        #expect(failure(inFlight: 0).hasPrefix("number of batches in flight: 0"))
        #expect(failure(epochs: -1..<2).hasPrefix("first epoch: -1"))
    }
}
