import Foundation
import Machine
import Synchronization
import Testing

@Suite("A lock that a file is")
struct FileLockTests {
    private let path = NSTemporaryDirectory() + "lock-\(UUID().uuidString)"

    @Test("One holds it at a time, and all get it", .timeLimit(.minutes(1)))
    func exclusive() {
        defer { unlink(path) }
        let state = Mutex((inside: 0, most: 0, done: 0))
        DispatchQueue.concurrentPerform(iterations: 4) { _ in
            try? FileLock.holding(path, isCancelled: { false }) {
                state.withLock {
                    $0.inside += 1
                    $0.most = max($0.most, $0.inside)
                }
                usleep(5000)
                state.withLock {
                    $0.inside -= 1
                    $0.done += 1
                }
            }
        }
        #expect(state.withLock { $0.most } == 1 && state.withLock { $0.done } == 4)
    }

    @Test("Waiting ends when it is cancelled, and a place without files is told as such")
    func failures() throws {
        defer { unlink(path) }
        try FileLock.holding(path, isCancelled: { false }) {
            #expect(throws: FileLock.Failure.cancelled) { try FileLock.holding(path, isCancelled: { true }) {} }
        }
        #expect(throws: FileLock.Failure.unavailable(ENOENT)) { try FileLock.holding("/nowhere/at/all", isCancelled: { true }) {} }
    }
}
