import Dispatch
import Synchronization

/// From a command, which is a function, into work that suspends.
enum Blocking {
    /// Runs `body` to its end while the main thread waits.
    static func run<Result: Sendable>(_ body: @escaping @Sendable () async throws -> Result) throws -> Result {
        let outcome = Outcome<Result>()
        Task {
            do { outcome.set(.success(try await body())) } catch { outcome.set(.failure(error)) }
        }
        return try outcome.wait()
    }

    private final class Outcome<Value: Sendable>: Sendable {
        private let result = Mutex<Result<Value, any Error>?>(nil)
        private let isThere = DispatchSemaphore(value: 0)

        func set(_ value: Result<Value, any Error>) {
            result.withLock { $0 = value }
            isThere.signal()
        }

        func wait() throws -> Value {
            isThere.wait()
            guard let result = result.withLock({ $0 }) else { throw Failure.reported }
            return try result.get()
        }
    }
}
