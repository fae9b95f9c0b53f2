import Foundation
import Synchronization

/// The mini-batches in flight, shared by the training thread, which opens and takes them, and the workers, which fill them.
///
/// `@unchecked Sendable`: every mutable property here and in ``Flight`` is touched only while `condition` is locked,
/// or by the training thread after a filled ``Flight`` has left the queue.
final class BatchQueue<Builder: BatchBuilder>: @unchecked Sendable {
    /// One mini-batch between opening and delivery.
    final class Flight: @unchecked Sendable {
        let batch: Builder.Batch
        let epoch: Int
        let number: Int
        let indices: [Int]
        fileprivate let neighbours: Neighbours
        fileprivate var claimed = 0
        fileprivate var unfinished: Int
        fileprivate(set) var failures: [Failure] = []
        /// Why the slots that failed could not be given a neighbour's content.
        fileprivate(set) var fatal: (any Error)?

        init(batch: Builder.Batch, epoch: Int, number: Int, indices: [Int], neighbours: Neighbours) {
            self.batch = batch
            self.epoch = epoch
            self.number = number
            self.indices = indices
            self.neighbours = neighbours
            unfinished = indices.count
        }
    }

    /// A slot that could not be filled.
    struct Failure: Sendable {
        var slot: Int
        var error: any Error
    }

    private let builder: Builder
    private let workers: Int
    private let substitutes: Bool
    private let condition = NSCondition()
    private var flights: [Flight] = []
    private let cancelled = Atomic<Bool>(false)

    init(builder: Builder, workers: Int, substitutes: Bool) {
        self.builder = builder
        self.workers = workers
        self.substitutes = substitutes
    }

    // MARK: The training thread

    var inFlight: Int { condition.withLock { flights.count } }

    var isCancelled: Bool { cancelled.load(ordering: .acquiring) }

    /// Adds a batch for the workers to fill.
    func open(_ flight: Flight) {
        condition.withLock {
            flights.append(flight)
            condition.broadcast()
        }
    }

    /// Waits for the oldest batch; `nil` if there is none or the queue was cancelled.
    func take() -> Flight? {
        condition.withLock {
            while !isCancelled, let first = flights.first {
                if first.unfinished == 0 { return flights.removeFirst() }
                condition.wait()
            }
            return nil
        }
    }

    /// Lets the workers go as soon as each has finished its current example. From any thread.
    func cancel() {
        condition.withLock {
            cancelled.store(true, ordering: .releasing)
            flights.removeAll()
            condition.broadcast()
        }
    }

    // MARK: Workers

    /// A worker's life: claims slots and fills them until the queue is cancelled.
    func work() {
        while let (flight, slots) = claim() {
            var failures: [Failure] = []
            for slot in slots {
                if isCancelled { return }
                do {
                    try builder.fill(flight.batch, slot: slot, index: flight.indices[slot], epoch: flight.epoch)
                } catch {
                    failures.append(Failure(slot: slot, error: error))
                }
            }
            finish(flight, slots: slots.count, failures)
        }
    }

    private func claim() -> (Flight, Range<Int>)? {
        condition.withLock {
            while !isCancelled {
                if let flight = flights.first(where: { $0.claimed < $0.indices.count }) {
                    let start = flight.claimed
                    flight.claimed = min(flight.indices.count, start + share(of: flight.indices.count))
                    return (flight, start..<flight.claimed)
                }
                condition.wait()
            }
            return nil
        }
    }

    /// Neighbouring slots that one worker fills without asking again: few enough that all workers share the first batch, enough that
    /// tiny images do not fight for the lock.
    private func share(of size: Int) -> Int { min(16, max(1, size / (4 * workers))) }

    private func finish(_ flight: Flight, slots: Int, _ failures: [Failure]) {
        let toReplace: [Failure] = condition.withLock {
            flight.failures.append(contentsOf: failures)
            // The last worker keeps the batch unfinished while it fills failed slots from their neighbours.
            let isLast = flight.unfinished == slots
            if isLast { flight.failures.sort { $0.slot < $1.slot } }
            if isLast, substitutes, !flight.failures.isEmpty { return flight.failures }
            flight.unfinished -= slots
            if isLast { condition.broadcast() }
            return []
        }
        guard !toReplace.isEmpty else { return }
        let fatal = replace(toReplace, in: flight)
        condition.withLock {
            flight.fatal = fatal
            flight.unfinished = 0
            condition.broadcast()
        }
    }

    /// Fills failed slots with the nearest readable neighbour before them (cyclic) in the whole mini-batch, which depends neither on who was
    /// quick nor on how many processes share it.
    private func replace(_ failures: [Failure], in flight: Flight) -> (any Error)? {
        let failed = Set(failures.map(\.slot))
        for failure in failures {
            let candidates = flight.neighbours.before(failure.slot, of: flight.indices.count)
            let isFilled = candidates.contains { neighbour in
                if let slot = neighbour.slot, failed.contains(slot) { return false }
                // Another process's may be unreadable, too.
                return (try? builder.fill(flight.batch, slot: failure.slot, index: neighbour.example, epoch: flight.epoch)) != nil
            }
            guard isFilled else { return failure.error }
        }
        return nil
    }
}
