import Foundation

/// The records of a pass in pieces, shared by the workers, who look at them, and the thread that takes the findings in order.
///
/// Workers are kept a few pieces ahead of what was taken, so that memory stays the same however many records there are.
///
/// `@unchecked Sendable`: every mutable property is touched only while `condition` is locked.
final class CheckQueue: @unchecked Sendable {
    private let check: RecordCheck
    private let count: Int
    private let pieceSize: Int
    /// Pieces that may be claimed and not yet taken.
    private let window: Int
    private let condition = NSCondition()
    private var finished: [Int: [RecordCheck.Findings]] = [:]
    private var claimed = 0
    private var taken = 0
    private var isCancelled = false

    init(_ check: RecordCheck, count: Int, workers: Int) {
        self.check = check
        self.count = count
        // A few records at a time, that tiny images do not fight for the lock; fewer where there would not be enough for all.
        pieceSize = min(16, max(1, count / (4 * workers)))
        window = 4 * workers
    }

    private var pieces: Int { (count + pieceSize - 1) / pieceSize }

    /// What a waiting thread is told.
    enum Delivery {
        case piece(first: Int, [RecordCheck.Findings])
        /// Nothing yet: a chance to say so, or to stop.
        case waiting
        case end
    }

    /// The next piece in order. Waits for a tenth of a second at most.
    func take() -> Delivery {
        condition.withLock {
            guard taken < pieces else { return .end }
            if finished[taken] == nil { _ = condition.wait(until: Date(timeIntervalSinceNow: 0.1)) }
            guard let findings = finished.removeValue(forKey: taken) else { return .waiting }
            taken += 1
            condition.broadcast()
            return .piece(first: (taken - 1) * pieceSize, findings)
        }
    }

    /// A worker's life: looks at pieces until there are no more, or the pass is cancelled.
    func work() {
        while let piece = claim() {
            var findings: [RecordCheck.Findings] = []
            for number in piece * pieceSize..<min(count, (piece + 1) * pieceSize) {
                if condition.withLock({ isCancelled }) { return }
                findings.append(check.findings(of: number))
            }
            condition.withLock {
                finished[piece] = findings
                condition.broadcast()
            }
        }
    }

    /// Lets the workers go as soon as each has finished its record.
    func cancel() {
        condition.withLock {
            isCancelled = true
            condition.broadcast()
        }
    }

    private func claim() -> Int? {
        condition.withLock {
            while !isCancelled, claimed < pieces, claimed - taken >= window { condition.wait() }
            guard !isCancelled, claimed < pieces else { return nil }
            claimed += 1
            return claimed - 1
        }
    }
}

extension RecordCheck {
    /// Looks at every record with several threads and hands over the findings in order, on the calling thread.
    ///
    /// `between`: called between pieces and at least ten times a second with the number of records that were handed over; throws to stop.
    /// - Throws: ``DatasetError`` where threads can't be started; `StorageError` where the data's place can't be reached; what `between` throws.
    func run(workers: Int, _ receive: (Int, Findings) -> Void, between: (Int) throws -> Void) throws {
        let queue = CheckQueue(self, count: images.count, workers: workers)
        var threads: [WorkerThread] = []
        defer {
            queue.cancel()
            for thread in threads { thread.join() }
        }
        for number in 0..<workers { threads.append(try WorkerThread(name: "check \(number)") { queue.work() }) }
        var done = 0
        while true {
            switch queue.take() {
            case .piece(let first, let findings):
                for (offset, found) in findings.enumerated() {
                    if let outage = found.outage { throw outage }
                    receive(first + offset, found)
                }
                done += findings.count
            case .waiting: break
            case .end: return
            }
            try between(done)
        }
    }
}
