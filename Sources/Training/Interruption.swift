import Glibc
import Synchronization

private let requests = Atomic<Int>(0)
/// When the first came, in milliseconds; 0: none has.
private let firstRequest = Atomic<Int>(0)
/// How long after the first one a signal still belongs to it, in milliseconds.
private let sameRequest = Atomic<Int>(0)
private let isAgreed = Atomic<Bool>(false)

/// Ctrl-C, SIGTERM and a terminal that goes away: the first asks the run to save and leave at the end of its step, the second ends the process at once.
public enum Interruption {
    /// Begins to listen. `secondEnds`: whether a second signal ends the process; not where a launcher does that.
    ///
    /// Signals within a second are one: who stops a whole group of processes reaches each of them, and their launcher, which passes it on.
    public static func install(secondEnds: Bool = true) {
        sameRequest.store(secondEnds ? 1000 : .max, ordering: .relaxed)
        let handler: @convention(c) (Int32) -> Void = { _ in
            // Only what a signal handler may do: atomic operations, the clock, and _exit.
            var time = timespec()
            clock_gettime(CLOCK_MONOTONIC, &time)
            let now = max(1, time.tv_sec * 1000 + time.tv_nsec / 1_000_000)
            let before = firstRequest.compareExchange(expected: 0, desired: now, ordering: .relaxed)
            if !before.exchanged, now - before.original > sameRequest.load(ordering: .relaxed) { _exit(1) }
            requests.add(1, ordering: .relaxed)
        }
        signal(SIGINT, handler)
        signal(SIGTERM, handler)
        // nohup's wish is respected. C's SIG_IGN is the address 1.
        var hangup = sigaction()
        sigaction(SIGHUP, nil, &hangup)
        if unsafeBitCast(hangup.__sigaction_handler.sa_handler, to: Int.self) != 1 { signal(SIGHUP, handler) }
        // A parent may have blocked them (processes started from a dispatch queue inherit its mask), and they would never arrive.
        var signals = sigset_t()
        sigemptyset(&signals)
        sigaddset(&signals, SIGINT)
        sigaddset(&signals, SIGTERM)
        sigaddset(&signals, SIGHUP)
        pthread_sigmask(SIG_UNBLOCK, &signals, nil)
    }

    /// Whether somebody asked to stop, this process or one that trains with it.
    public static var isRequested: Bool { requests.load(ordering: .relaxed) > 0 || isAgreed.load(ordering: .relaxed) }

    /// Asks to stop, as a signal would.
    public static func request() { requests.add(1, ordering: .relaxed) }

    /// Takes note that another process was asked to stop, and this one stops with it.
    static func agree() { isAgreed.store(true, ordering: .relaxed) }

    /// Forgets requests, so that the next run begins afresh.
    public static func reset() {
        requests.store(0, ordering: .relaxed)
        firstRequest.store(0, ordering: .relaxed)
        isAgreed.store(false, ordering: .relaxed)
    }
}
