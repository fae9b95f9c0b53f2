import Datasets
import Foundation
import Synchronization
import Testing

@Suite("Batch loader: errors and ends", .timeLimit(.minutes(1)))
struct BatchLoaderFailureTests {
    private func loader(
        _ builder: RecordingBuilder, count: Int = 40, size: Int = 8, workers: Int = 4, inFlight: Int = 4,
        unreadable: UnreadablePolicy = .fail, epochs: Range<Int> = 0..<1
    ) throws -> BatchLoader<RecordingBuilder> {
        try BatchLoader(
            builder: builder, plan: BatchPlan(exampleCount: count, batchSize: size), epochs: epochs, workers: workers,
            batchesInFlight: inFlight, unreadable: unreadable)
    }

    @Test("An error surfaces at its own batch, as the lowest slot's, however fast the workers are", arguments: 0..<5)
    func lowestSlot(attempt: Int) throws {
        // Slot 2 fails late, slot 7 at once.
        let builder = RecordingBuilder(bad: [18, 23, 30]) { index in if index == 18 { usleep(5000) } }
        let loader = try loader(builder)
        #expect(try loader.next()?.number == 0)
        #expect(try loader.next()?.number == 1)
        #expect(message { _ = try loader.next() } == "image 18 is damaged")
        #expect(message { _ = try loader.next() } == "image 18 is damaged")
        #expect(loader.deliveredBatches == 2)
    }

    @Test("With skipping, a neighbour takes the slot and the example is named once over all epochs")
    func skip() throws {
        let loader = try loader(RecordingBuilder(bad: [0, 9, 10]), size: 8, unreadable: .skip(limit: 3), epochs: 0..<2)
        for epoch in 0..<2 {
            let first = try #require(try loader.next())
            // The neighbour before slot 0 is the batch's last.
            #expect(first.batch.content == [7, 1, 2, 3, 4, 5, 6, 7].map { 1000 * epoch + $0 })
            #expect(first.duplicateSlots == [0])
            #expect(first.indices[0] == 0)
            let second = try #require(try loader.next())
            #expect(second.batch.content.prefix(4) == [8, 8, 8, 11].map { 1000 * epoch + $0 }[...])
            #expect(second.duplicateSlots == [1, 2])
            while try loader.next() != nil {}
        }
        #expect(loader.skipped.map(\.index) == [0, 9, 10])
        #expect(loader.skipped.first?.reason == "image 0 is damaged")
    }

    @Test("More unreadable images than allowed stop the run and are named")
    func skipLimit() throws {
        let loader = try loader(RecordingBuilder(bad: [3, 20]), unreadable: .skip(limit: 1))
        #expect(try loader.next() != nil)
        #expect(try loader.next() != nil)
        let text = message { _ = try loader.next() }
        #expect(text.contains("2 images cannot be read where 1 are allowed (image 3 is damaged | image 20 is damaged)"))
    }

    @Test("A batch in which no image can be read has no neighbour to offer and fails")
    func hopelessBatch() throws {
        let loader = try loader(RecordingBuilder(bad: Set(8..<16)), unreadable: .skip(limit: 100))
        #expect(try loader.next() != nil)
        #expect(message { _ = try loader.next() } == "image 8 is damaged")
        let single = try self.loader(RecordingBuilder(bad: [0]), size: 1, unreadable: .skip(limit: 100))
        #expect(message { _ = try single.next() } == "image 0 is damaged")
    }

    @Test("Cancelling joins the threads while the queue is full, while it is being filled, and at the end")
    func cancel() throws {
        let full = RecordingBuilder()
        let first = try loader(full, inFlight: 2)
        #expect(eventually { full.filled.load(ordering: .relaxed) == 16 })
        first.cancel()
        first.cancel()
        #expect(message { _ = try first.next() }.contains("it was cancelled"))

        let slow = RecordingBuilder { _ in usleep(10_000) }
        let second = try loader(slow, size: 40, workers: 2)
        second.cancel()
        let count = slow.filled.load(ordering: .relaxed)
        #expect(count < 40)
        usleep(30_000)
        #expect(slow.filled.load(ordering: .relaxed) == count)

        let third = try loader(RecordingBuilder())
        while try third.next() != nil {}
        third.cancel()
    }

    @Test("Cancelling from another thread wakes the thread that waits for a batch")
    func cancelWhileWaiting() throws {
        let gate = Gate()
        let loader = try loader(RecordingBuilder { _ in gate.pass() }, workers: 2)
        let canceller = Thread {
            usleep(10_000)
            // The workers stand at the gate, so joining must wait for it to open; the consumer is woken before.
            Thread {
                usleep(10_000); gate.open()
            }.start()
            loader.cancel()
        }
        canceller.start()
        #expect(message { _ = try loader.next() }.contains("it was cancelled"))
    }

    @Test("Letting go of a loader joins its threads in every state and frees the builder")
    func release() throws {
        for taken in 0..<6 {
            weak var weakBuilder: RecordingBuilder?
            do {
                let builder = RecordingBuilder(bad: taken == 5 ? [0] : []) { _ in usleep(100) }
                weakBuilder = builder
                let loader = try loader(builder, workers: 3, inFlight: 2)
                for _ in 0..<taken { _ = try? loader.next() }
            }
            #expect(weakBuilder == nil)
        }
    }

    @Test("An error while making room for a batch leaves no thread behind")
    func makeBatchFails() throws {
        final class Builder: BatchBuilder {
            let limit: Int
            let made = Atomic<Int>(0)
            init(limit: Int) { self.limit = limit }
            func makeBatch(count: Int) throws -> SlotBatch {
                if made.add(1, ordering: .relaxed).newValue > limit { throw BadImage(index: limit) }
                return SlotBatch(count: count)
            }
            func fill(_ batch: SlotBatch, slot: Int, index: Int, epoch: Int) { batch.set(slot, index) }
        }
        let plan = try BatchPlan(exampleCount: 10, batchSize: 1)
        weak var early: Builder?
        do {
            let builder = Builder(limit: 1)
            early = builder
            #expect(message { _ = try BatchLoader(builder: builder, plan: plan, epochs: 0..<1) } == "image 1 is damaged")
        }
        #expect(early == nil)
        let late = try BatchLoader(builder: Builder(limit: 5), plan: plan, epochs: 0..<1, batchesInFlight: 4)
        #expect(try late.next() != nil)
        #expect(message { _ = try late.next() } == "image 5 is damaged")
    }

    @Test("Starting, using and dropping many loaders at random moments never hangs")
    func churn() throws {
        for round in 0..<60 {
            let builder = RecordingBuilder(bad: round % 5 == 0 ? [round % 16] : [])
            let loader = try loader(
                builder, count: 64, size: 1 + round % 9, workers: 1 + round % 5, inFlight: 1 + round % 4,
                unreadable: round % 2 == 0 ? .fail : .skip(limit: 5))
            for _ in 0..<(round % 7) { _ = try? loader.next() }
            if round % 3 == 0 { loader.cancel() }
        }
    }
}
