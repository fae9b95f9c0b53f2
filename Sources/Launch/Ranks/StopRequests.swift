import Glibc
import Synchronization

private let requests = Atomic<Int>(0)
private let lastSignal = Atomic<Int32>(0)
private let terminalIsGone = Atomic<Bool>(false)

/// Ctrl-C, SIGTERM and a terminal that goes away, counted while ranks are supervised; what was done about them before is restored.
final class StopRequests {
    private var before: [(number: Int32, action: sigaction)] = []

    /// Begins to count, from none.
    init() {
        requests.store(0, ordering: .relaxed)
        lastSignal.store(0, ordering: .relaxed)
        terminalIsGone.store(false, ordering: .relaxed)
        for number in [SIGINT, SIGTERM, SIGHUP] {
            var old = sigaction()
            sigaction(number, nil, &old)
            // Under nohup a lost terminal is no reason to stop.
            if number == SIGHUP, Self.isIgnored(old) { continue }
            var new = sigaction()
            new.__sigaction_handler.sa_handler = { number in
                // Only what a signal handler may do. A terminal goes once, though both a shell and the kernel say so.
                if number == SIGHUP, terminalIsGone.exchange(true, ordering: .relaxed) { return }
                lastSignal.store(number, ordering: .relaxed)
                requests.add(1, ordering: .relaxed)
            }
            sigaction(number, &new, &old)
            before.append((number, old))
        }
        // Where a parent ignores the ends of its children, and passed that on, how they ended would be lost.
        var children = sigaction()
        sigaction(SIGCHLD, nil, &children)
        if Self.isIgnored(children) {
            Glibc.signal(SIGCHLD, SIG_DFL)
            before.append((SIGCHLD, children))
        }
        // A parent may have blocked them, and they would never arrive.
        var signals = sigset_t()
        sigemptyset(&signals)
        for (number, _) in before { sigaddset(&signals, number) }
        pthread_sigmask(SIG_UNBLOCK, &signals, nil)
    }

    deinit {
        for (number, action) in before {
            var action = action
            sigaction(number, &action, nil)
        }
    }

    /// How many have come.
    var count: Int { requests.load(ordering: .relaxed) }
    /// The last of them.
    var signal: Int32 { lastSignal.load(ordering: .relaxed) }

    private static func isIgnored(_ action: sigaction) -> Bool {
        unsafeBitCast(action.__sigaction_handler.sa_handler, to: Int.self) == unsafeBitCast(SIG_IGN, to: Int.self)
    }
}
