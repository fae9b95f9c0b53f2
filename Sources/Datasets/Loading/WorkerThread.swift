import Foundation

/// A thread that can be joined, unless told otherwise at a slightly lower priority than the one that made it.
///
/// Nice +5: libtorch's OpenMP team meets at barriers many times a step, and a member that waits for a core which a decoder holds
/// stalls all of them; the scheduler then prefers the team, and decoding still gets what the team leaves.
package struct WorkerThread: Sendable {
    private let handle: pthread_t

    /// How much lower the priority of workers is than that of libtorch's team.
    package static let niceness: Int32 = 5

    /// Carries a closure through C's `void *`.
    private final class Body: Sendable {
        let name: String
        let niceness: Int32
        let run: @Sendable () -> Void

        init(name: String, niceness: Int32, run: @escaping @Sendable () -> Void) {
            self.name = name
            self.niceness = niceness
            self.run = run
        }
    }

    /// Starts a thread that runs `body`.
    ///
    /// - Parameters:
    ///   - name: shown by `top -H` and debuggers, 15 bytes at most.
    ///   - niceness: added to that of the calling thread; 0 for a thread that does libtorch's work itself.
    package init(name: String, niceness: Int32 = WorkerThread.niceness, _ body: @escaping @Sendable () -> Void) throws {
        let box = Unmanaged.passRetained(Body(name: name, niceness: niceness, run: body))
        var thread = pthread_t()
        let code = pthread_create(
            &thread, nil,
            { pointer in
                guard let pointer else { return nil }
                let body = Unmanaged<Body>.fromOpaque(pointer).takeRetainedValue()
                Thread.current.name = body.name
                WorkerThread.lowerPriority(by: body.niceness)
                body.run()
                return nil
            }, box.toOpaque())
        guard code == 0 else {
            box.release()
            throw DatasetError(
                .argument, at: "threads", "thread '\(name)' cannot be started (\(String(cString: strerror(code))))",
                remedy: "use fewer workers or raise the limit of processes (ulimit -u)")
        }
        handle = thread
    }

    /// On Linux, priority belongs to the thread, and 0 is the calling one. Refusal costs speed only.
    package static func lowerPriority(by niceness: Int32) {
        guard niceness != 0 else { return }
        let process = __priority_which_t(PRIO_PROCESS.rawValue)
        _ = setpriority(process, 0, getpriority(process, 0) + niceness)
    }

    /// Waits for the thread's end. To be called once. A thread that joins itself is let go instead.
    package func join() {
        if pthread_equal(handle, pthread_self()) != 0 {
            pthread_detach(handle)
        } else {
            pthread_join(handle, nil)
        }
    }
}
