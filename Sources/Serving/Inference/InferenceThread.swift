import Datasets
import Foundation

/// The one thread that works with libtorch: an executor for the actor that owns the models. Its OpenMP team is made once and stays.
///
/// Unchecked: the mutable properties are touched only while `condition` is locked.
final class InferenceThread: SerialExecutor, @unchecked Sendable {
    private let condition = NSCondition()
    private var jobs: [UnownedJob] = []
    private var isClosed = false

    /// Starts the thread.
    /// - Throws: `DatasetError` where the system grants none.
    init() throws {
        _ = try WorkerThread(name: "inference", niceness: 0) { [self] in
            while let job = next() { job.runSynchronously(on: asUnownedSerialExecutor()) }
        }
    }

    private func next() -> UnownedJob? {
        condition.withLock {
            while jobs.isEmpty {
                if isClosed { return nil }
                condition.wait()
            }
            return jobs.removeFirst()
        }
    }

    func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        condition.withLock {
            jobs.append(job)
            condition.signal()
        }
    }

    func asUnownedSerialExecutor() -> UnownedSerialExecutor { UnownedSerialExecutor(ordinary: self) }

    /// Lets the thread end when its work is done.
    func close() {
        condition.withLock {
            isClosed = true
            condition.signal()
        }
    }
}
