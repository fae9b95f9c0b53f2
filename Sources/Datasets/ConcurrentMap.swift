import Dispatch
import Synchronization

/// The results of `body` for 0 ..< `count`, in order, from `width` threads at once: for many small files, of which each costs a wait.
func concurrentMap<Result: Sendable>(_ count: Int, width: Int = 8, _ body: @Sendable (Int) -> Result) -> [Result] {
    let results = Mutex([Result?](repeating: nil, count: count))
    let next = Atomic(0)
    DispatchQueue.concurrentPerform(iterations: min(width, count)) { _ in
        while true {
            let index = next.wrappingAdd(1, ordering: .relaxed).oldValue
            guard index < count else { return }
            let result = body(index)
            results.withLock { $0[index] = result }
        }
    }
    return results.withLock { $0.compactMap(\.self) }
}
