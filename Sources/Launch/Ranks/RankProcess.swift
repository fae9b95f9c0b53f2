import CLaunch
import Foundation

/// One rank as a child process. It belongs to the thread that started it, and ends with it.
final class RankProcess {
    /// How a process ended.
    enum Outcome: Equatable {
        case exited(Int32)
        case signalled(Int32)

        /// As a shell writes it.
        var status: Int32 {
            switch self {
            case .exited(let status): status
            case .signalled(let number): 128 + number
            }
        }
    }

    let placement: Placement
    /// Nil while it runs.
    private(set) var outcome: Outcome?
    /// Whether the launcher killed it, so that how it ended says nothing about it.
    private(set) var isKilled = false
    /// What it wrote to standard error; nil: that is the launcher's own.
    private(set) var kept: KeptOutput?
    private let process: pid_t
    /// Readable when the process has ended; below zero where the kernel can't say so.
    private let watch: Int32

    /// Starts a program as a rank.
    /// - Throws: ``LaunchError``.
    init(_ placement: Placement, program: String, arguments: [String], environment: [String: String]) throws {
        self.placement = placement
        // Rank 0 speaks for all; the others' words are kept for the case that they fail.
        let isFirst = placement.rank == 0
        let nothing = isFirst ? -1 : open("/dev/null", O_RDWR | O_CLOEXEC)
        let kept = isFirst ? nil : KeptOutput()
        defer {
            if nothing >= 0 { close(nothing) }
            kept?.closeWriter()
        }
        let (words, variables) = (CStrings(arguments), CStrings(environment.map { "\($0.key)=\($0.value)" }))
        process = withExtendedLifetime((words, variables)) {
            claunch_start(program, words.pointers, variables.pointers, nothing, nothing, kept?.writer ?? -1)
        }
        guard process > 0 else {
            throw LaunchError(
                .system, at: program, "rank \(placement.rank) cannot be started (\(String(cString: strerror(-process))))",
                remedy: "check the limits of processes and of memory (ulimit -u, ulimit -v)")
        }
        self.kept = kept
        watch = claunch_watch(process)
    }

    deinit { if watch >= 0 { close(watch) } }

    var isRunning: Bool { outcome == nil }

    /// Whether it has written anything that was kept.
    var hasWords: Bool { kept.map { !$0.lines(prefix: "").isEmpty } ?? false }

    /// What to wait for: the end, and words.
    var events: [pollfd] {
        guard isRunning else { return [] }
        return [watch, kept?.reader ?? -1].filter { $0 >= 0 }.map { pollfd(fd: $0, events: Int16(POLLIN), revents: 0) }
    }

    /// Takes what it wrote. Answers whether it has ended since it was last asked.
    func update() -> Bool {
        guard isRunning else { return false }
        kept?.read()
        var status: Int32 = 0
        let answer = claunch_reap(process, &status)
        guard answer != 0 else { return false }
        // Below zero: somebody else has waited for it, and how it ended is lost.
        let number = status & 0x7f
        outcome = answer < 0 ? .exited(1) : number == 0 ? .exited((status >> 8) & 0xff) : .signalled(number)
        kept?.finish()
        return true
    }

    /// Sends a signal to it and to all that it started.
    func send(_ number: Int32) {
        guard isRunning else { return }
        if number == SIGKILL { isKilled = true }
        kill(-process, number)
    }
}

/// Texts as C takes a list of them.
private final class CStrings {
    let pointers: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>
    private let count: Int

    init(_ texts: [String]) {
        count = texts.count
        pointers = .allocate(capacity: count + 1)
        for (index, text) in texts.enumerated() { pointers[index] = strdup(text) }
        pointers[count] = nil
    }

    deinit {
        for index in 0..<count { free(pointers[index]) }
        pointers.deallocate()
    }
}
