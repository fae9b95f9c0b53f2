import Datasets
import Foundation

/// Threads for work that takes long or waits for a disk, so that neither the event loops nor Swift's own few threads do.
///
/// Unchecked: the mutable properties are touched only while `condition` is locked.
final class WorkerPool: @unchecked Sendable {
    private let condition = NSCondition()
    private var work: [(@Sendable () -> Void)?] = []
    /// What of `work` has been taken; the array is moved up now and then.
    private var taken = 0
    private var isClosed = false

    /// Starts `count` threads. `name`: shown by `top -H`.
    /// - Throws: `DatasetError` where the system grants no thread.
    init(name: String, count: Int, niceness: Int32 = WorkerThread.niceness) throws {
        for _ in 0..<count {
            // They end with the pool's `close`, or with the process.
            _ = try WorkerThread(name: name, niceness: niceness) { [self] in
                while let next = next() { next() }
            }
        }
    }

    private func next() -> (@Sendable () -> Void)? {
        condition.withLock {
            while taken == work.count {
                if isClosed { return nil }
                condition.wait()
            }
            let next = work[taken]
            // What it holds, such as a request's body, goes with it.
            work[taken] = nil
            taken += 1
            if taken == work.count || taken > 256 {
                work.removeFirst(taken)
                taken = 0
            }
            return next
        }
    }

    /// Runs `body` on one of the threads, in the order of the calls.
    func run<Result: Sendable>(_ body: @escaping @Sendable () throws -> Result) async throws -> Result {
        try await withCheckedThrowingContinuation { continuation in
            condition.withLock {
                work.append { continuation.resume(with: Swift.Result { try body() }) }
                condition.signal()
            }
        }
    }

    /// Lets the threads end when what was asked for is done.
    func close() {
        condition.withLock {
            isClosed = true
            condition.broadcast()
        }
    }
}
