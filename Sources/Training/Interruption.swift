import Glibc
import Synchronization

private let requests = Atomic<Int>(0)

/// Ctrl-C and SIGTERM: the first asks the run to save and leave at the end of its step, the second ends the process at once.
public enum Interruption {
    /// Begins to listen.
    public static func install() {
        let handler: @convention(c) (Int32) -> Void = { _ in
            // Only what a signal handler may do: an atomic addition, and _exit.
            if requests.add(1, ordering: .relaxed).oldValue > 0 { _exit(1) }
        }
        signal(SIGINT, handler)
        signal(SIGTERM, handler)
        // A parent may have blocked them (processes started from a dispatch queue inherit its mask), and they would never arrive.
        var signals = sigset_t()
        sigemptyset(&signals)
        sigaddset(&signals, SIGINT)
        sigaddset(&signals, SIGTERM)
        pthread_sigmask(SIG_UNBLOCK, &signals, nil)
    }

    /// Whether somebody asked to stop.
    public static var isRequested: Bool { requests.load(ordering: .relaxed) > 0 }

    /// Asks to stop, as a signal would.
    public static func request() { requests.add(1, ordering: .relaxed) }

    /// Forgets requests, so that the next run begins afresh.
    public static func reset() { requests.store(0, ordering: .relaxed) }
}
