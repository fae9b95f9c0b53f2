import Foundation

/// What comes through a FIFO that may appear late, get its writer late, and be closed early by either side.
///
/// Source: spec data-formats.md, "Channels and input modes" (Pipe).
public final class PipeStream: ByteStream, @unchecked Sendable {
    // Unchecked: a stream belongs to one thread at a time.
    private let path: String
    private let descriptor: Int32
    private let patience: PipePatience
    private var hasWriter = false

    /// Waits until the FIFO is there and opens it; its writer may still be late.
    /// - Throws: ``StorageError`` where it does not appear in time, can't be opened, or `patience` says to stop.
    public init(_ path: String, patience: PipePatience = PipePatience()) throws {
        self.path = path
        self.patience = patience
        // Non-blocking: a plain open would wait for the writer where nothing can interrupt it.
        var found: Int32 = -1
        try patience.wait(for: path, "it did not appear") {
            found = Glibc.open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC)
            if found >= 0 { return true }
            guard errno == ENOENT else { throw StorageError.system(errno, at: path, doing: "read") }
            return false
        }
        descriptor = found
    }

    deinit { close(descriptor) }

    /// The name of a channel's FIFO: `<folder>/<channel>_<number>`. `number`: 0 for the first epoch of a job.
    public static func path(folder: String, channel: String, number: Int) -> String { "\(folder)/\(channel)_\(number)" }

    /// Fills the beginning of `buffer`; 0 when the writer has closed the pipe.
    public func read(into buffer: UnsafeMutableRawBufferPointer) throws -> Int {
        guard !buffer.isEmpty else { return 0 }
        if !hasWriter {
            try patience.wait(for: path, "nobody opened it for writing") { try isReady(milliseconds: 0) }
            hasWriter = true
        }
        while true {
            let got = Glibc.read(descriptor, buffer.baseAddress, buffer.count)
            if got >= 0 { return got }
            switch errno {
            case EINTR: continue
            case EAGAIN:
                repeat { try patience.checkStop(path) } while try !isReady(milliseconds: 100)
            default: throw StorageError.system(errno, at: path, doing: "read")
            }
        }
    }

    /// Whether there are bytes, or the end: Linux says hang-up only once a writer has come and gone.
    private func isReady(milliseconds: Int32) throws -> Bool {
        var query = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
        let answer = poll(&query, 1, milliseconds)
        if answer < 0, errno != EINTR { throw StorageError.system(errno, at: path, doing: "read") }
        return answer > 0
    }
}

/// How long to wait for the other side of a pipe, and what can end the waiting.
public struct PipePatience: Sendable {
    /// Seconds until the other side must have come.
    public let seconds: Double
    /// Asked several times a second: true ends the waiting with ``StorageError/Kind/cancelled``.
    public let shouldStop: @Sendable () -> Bool

    /// Waits an hour unless told otherwise: a platform that prepares data may take that long.
    public init(seconds: Double = 3600, shouldStop: @escaping @Sendable () -> Bool = { false }) {
        self.seconds = seconds
        self.shouldStop = shouldStop
    }

    /// Asks `isThere` until it says so.
    func wait(for path: String, _ complaint: String, _ isThere: () throws -> Bool) throws {
        let clock = ContinuousClock.now
        while try !isThere() {
            try checkStop(path)
            guard clock.duration(to: .now) < .seconds(seconds) else {
                throw StorageError(
                    .unreachable, at: path, "\(complaint) in \(seconds) seconds", remedy: "check that the pipe's other side is running")
            }
            usleep(20_000)
        }
    }

    func checkStop(_ path: String) throws {
        guard shouldStop() else { return }
        throw StorageError(.cancelled, at: path, "waiting for it was cancelled", remedy: "")
    }
}
