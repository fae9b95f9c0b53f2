import Foundation

/// A thread that can be joined, at a slightly lower priority than the one that made it.
///
/// Nice +5: training's OpenMP team meets at barriers many times a step, and a member that waits for a core which a decoder holds
/// stalls all of them; the scheduler then prefers the team, and decoding still gets what the team leaves.
struct WorkerThread: Sendable {
    private let handle: pthread_t

    private static let niceness: Int32 = 5

    /// Carries a closure through C's `void *`.
    private final class Body: Sendable {
        let name: String
        let run: @Sendable () -> Void

        init(name: String, run: @escaping @Sendable () -> Void) {
            self.name = name
            self.run = run
        }
    }

    /// Starts a thread that runs `body`.
    ///
    /// - Parameter name: shown by `top -H` and debuggers, 15 bytes at most.
    init(name: String, _ body: @escaping @Sendable () -> Void) throws {
        let box = Unmanaged.passRetained(Body(name: name, run: body))
        var thread = pthread_t()
        let code = pthread_create(
            &thread, nil,
            { pointer in
                guard let pointer else { return nil }
                let body = Unmanaged<Body>.fromOpaque(pointer).takeRetainedValue()
                Thread.current.name = body.name
                WorkerThread.lowerPriority()
                body.run()
                return nil
            }, box.toOpaque())
        guard code == 0 else {
            box.release()
            throw DatasetError(
                .argument, at: "data loader", "thread '\(name)' cannot be started (\(String(cString: strerror(code))))",
                remedy: "use fewer workers or raise the limit of processes (ulimit -u)")
        }
        handle = thread
    }

    /// On Linux, priority belongs to the thread, and 0 is the calling one. Refusal costs speed only.
    private static func lowerPriority() {
        let process = __priority_which_t(PRIO_PROCESS.rawValue)
        _ = setpriority(process, 0, getpriority(process, 0) + niceness)
    }

    /// Waits for the thread's end. To be called once. A thread that joins itself is let go instead.
    func join() {
        if pthread_equal(handle, pthread_self()) != 0 {
            pthread_detach(handle)
        } else {
            pthread_join(handle, nil)
        }
    }
}
