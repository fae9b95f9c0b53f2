import Datasets
import Foundation
import Synchronization
import Torch

/// Notices that a process of the job is gone, however long a step may take, and how.
///
/// Every process counts up a key of its own in the store; rank 0, which is next to the store, looks whether all others still count, and
/// says in the store who does not. A process that can't reach the store any more is itself the lost one. A process that fails says why
/// before it leaves, so that all end with the reason. Collective operations can't tell these apart: they wait for a slow process as
/// long as for one whose cable was pulled.
final class RankWatch: Sendable {
    /// How the watch counts time, in seconds.
    struct Patience: Sendable {
        /// Between two counts.
        var interval = 1.0
        /// Without a count of a process, or without an answer of the store.
        var silence = 25.0
        /// For a process that ends the job itself to have ended.
        var ending = 60.0
    }

    private static let failureKey = "failure"
    /// How many know of the failure.
    private static let heardKey = "heard"

    private let rank: Int
    private let names: [String]
    private let patience: Patience
    private let onLoss: @Sendable (String) -> Void
    private let state = Mutex(State())
    private let threads = Mutex<[WorkerThread]>([])
    private let wakeUp = NSCondition()
    /// What is to be said of this process, by the thread that owns the store.
    private struct State {
        var isStopped = false
        var lastAnswer = SuspendingClock.now
        var ownFailure: String?
        var ownFailureIsTold = false
        var ownFailureIsHeard = false
        /// Whether another rank's failure was heard of.
        var isHeard = false
        var reason: String?
        var ender: Ender?
    }

    /// Who ends the process.
    private enum Ender { case owner, watch }

    /// Starts watching. `names`: what messages call each rank. `open`: a store of its own. `onLoss`: called once, on a thread of the watch,
    /// when the job can't go on; it ends the process.
    init(
        rank: Int, names: [String], patience: Patience = Patience(), open: @escaping @Sendable () throws -> KeyStore,
        onLoss: @escaping @Sendable (String) -> Void
    ) throws {
        (self.rank, self.names, self.patience, self.onLoss) = (rank, names, patience, onLoss)
        let counting = try WorkerThread(name: "rank-count", niceness: 0) { [self] in
            do {
                try count(open())
            } catch {
                lost("The contact to \(names[0]), which keeps the job together, is lost: \(error)")
            }
        }
        let watching = try WorkerThread(name: "rank-watch", niceness: 0) { [self] in watch() }
        threads.withLock { $0 = [counting, watching] }
    }

    /// Why the job can't go on, once that is known; waits for it up to `seconds`, and not where somebody asks to stop.
    func reason(within seconds: Double) -> String? {
        let end = SuspendingClock.now + .seconds(seconds)
        while true {
            if let reason = state.withLock({ $0.reason }) { return reason }
            guard SuspendingClock.now < end, !Interruption.isRequested else { return nil }
            pause(0.1)
        }
    }

    /// Keeps the watch from ending the process: its owner does, soon, with a reason of its own or that of ``reason(within:)``. False where the
    /// watch is ending it already.
    func claimsEnding() -> Bool { claimsEnding(as: .owner) }

    private func claimsEnding(as ender: Ender) -> Bool {
        state.withLock { state in
            if state.ender == nil { state.ender = ender }
            return state.ender == ender
        }
    }

    /// Tells the others why this process leaves, and returns when they could have heard it. Answers whether they could.
    @discardableResult
    func tell(_ failure: String) -> Bool {
        state.withLock { $0.ownFailure = failure }
        wake()
        let end = SuspendingClock.now + .seconds(4 * patience.interval)
        // The store ends with rank 0: the others must have looked into it.
        func isOver(_ state: State) -> Bool { state.reason != nil || (rank == 0 ? state.ownFailureIsHeard : state.ownFailureIsTold) }
        while SuspendingClock.now < end, !state.withLock({ isOver($0) }) { pause(0.05) }
        return state.withLock { $0.ownFailureIsTold || $0.isHeard }
    }

    /// Stops watching; nothing is noticed from here on.
    func stop() {
        state.withLock { $0.isStopped = true }
        wake()
        // Threads that wait for an answer that does not come end with the process.
        threads.withLock { $0 = [] }
    }

    // MARK: Counting

    private func count(_ store: KeyStore) throws {
        var heard = [Int: (count: Int, time: SuspendingClock.Instant)]()
        while !state.withLock({ $0.isStopped }) {
            try store.add(1, to: "count/\(rank)")
            if let failure = state.withLock({ $0.ownFailureIsTold ? nil : $0.ownFailure }) {
                if try !store.has(Self.failureKey) { try store.set(Self.failureKey, failure) }
                try store.add(1, to: Self.heardKey)
                state.withLock { $0.ownFailureIsTold = true }
                try waitForHearing(store, by: names.count)
                state.withLock { $0.ownFailureIsHeard = true }
            }
            state.withLock { $0.lastAnswer = .now }
            if try store.has(Self.failureKey), state.withLock({ $0.ownFailure == nil }) {
                let reason = try store.value(of: Self.failureKey, within: 5)
                state.withLock { $0.isHeard = true }
                try store.add(1, to: Self.heardKey)
                try waitForHearing(store, by: names.count)
                return lost(reason)
            }
            if rank == 0, let silent = try silentRank(store, &heard) {
                let reason =
                    "\(names[silent]) has not been heard of for \(Int(patience.silence)) seconds: it was killed, or its machine or the network to it is down."
                try store.set(Self.failureKey, reason)
                try store.add(1, to: Self.heardKey)
                try waitForHearing(store, by: names.count - 1)
                return lost(reason)
            }
            pause(patience.interval)
        }
    }

    /// Rank 0, with which the store ends, waits until that many know of the failure, but not for those who do not listen any more.
    private func waitForHearing(_ store: KeyStore, by count: Int) throws {
        let end = SuspendingClock.now + .seconds(3 * patience.interval)
        while rank == 0, SuspendingClock.now < end, try store.add(0, to: Self.heardKey) < count { pause(0.05) }
    }

    private func silentRank(_ store: KeyStore, _ heard: inout [Int: (count: Int, time: SuspendingClock.Instant)]) throws -> Int? {
        for other in names.indices where other != rank {
            let count = try store.add(0, to: "count/\(other)")
            if let last = heard[other], last.count == count {
                if last.time.duration(to: .now) > .seconds(patience.silence) { return other }
            } else {
                heard[other] = (count, .now)
            }
        }
        return nil
    }

    // MARK: Watching the counting

    private func watch() {
        while !state.withLock({ $0.isStopped || $0.reason != nil }) {
            pause(patience.interval / 2)
            let silence = state.withLock { $0.lastAnswer.duration(to: .now) }
            // A machine that slept has not waited for anybody.
            guard silence > .seconds(patience.silence + 2 * patience.interval) else { continue }
            lost(
                "\(names[0]), which keeps the job together, has not answered for \(Int(patience.silence)) seconds: "
                    + "its machine or the network of this one is down.")
        }
    }

    private func lost(_ reason: String) {
        let isFirst = state.withLock { state in
            guard !state.isStopped, state.reason == nil else { return false }
            state.reason = reason
            return true
        }
        guard isFirst else { return }
        // The training thread mostly waits for the others, too, fails and reports; it may also wait for ever.
        pause(patience.interval)
        if claimsEnding(as: .watch) { return onLoss(reason) }
        // On its way out it may meet what does not end either, such as a disk of a host that is gone.
        let end = SuspendingClock.now + .seconds(patience.ending)
        while SuspendingClock.now < end, !state.withLock({ $0.isStopped }) { pause(patience.interval) }
        if !state.withLock({ $0.isStopped }) { onLoss(reason) }
    }

    private func pause(_ seconds: Double) {
        wakeUp.withLock { _ = wakeUp.wait(until: Date(timeIntervalSinceNow: seconds)) }
    }

    private func wake() { wakeUp.withLock { wakeUp.broadcast() } }
}
