import Foundation

/// Plays the platform's part of pipe mode: makes a channel's FIFOs, one an epoch, and writes the channel into each of them.
///
/// Source: spec data-formats.md, "Channels and input modes" (Pipe).
public struct PipeFeeder: Sendable {
    /// Where the FIFOs are made.
    public let folder: String
    /// The channel: its FIFOs are `<channel>_0`, `<channel>_1`, …
    public let channel: String
    private let patience: PipePatience

    /// A feeder for one channel. A reader that closes early must not end the process: SIGPIPE is ignored from here on.
    public init(folder: String, channel: String, patience: PipePatience = PipePatience()) {
        self.folder = folder
        self.channel = channel
        self.patience = patience
        signal(SIGPIPE, SIG_IGN)
    }

    /// Feeds one epoch: makes its FIFO, waits for the reader, writes, closes and removes the FIFO.
    ///
    /// `number`: of the FIFO. `write`: puts the epoch's bytes into the sink; what it throws is thrown on, except for the reader's
    /// early leave.
    /// - Returns: false where the reader closed the pipe before everything was written.
    /// - Throws: ``StorageError`` where the FIFO can't be made, or no reader comes or goes on reading in time; what `write` throws. The reader is
    ///   not to take what it has got for an epoch then: what it reads ends within a RecordIO record.
    @discardableResult
    public func feed(number: Int, _ write: (any ByteSink) throws -> Void) throws -> Bool {
        let path = PipeStream.path(folder: folder, channel: channel, number: number)
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        try makePipe(path)
        defer { unlink(path) }
        var descriptor: Int32 = -1
        try patience.wait(for: path, "nobody opened it for reading") {
            // Without a reader a non-blocking open for writing fails with ENXIO.
            descriptor = open(path, O_WRONLY | O_NONBLOCK | O_CLOEXEC)
            if descriptor >= 0 { return true }
            guard errno == ENXIO || errno == EINTR else { throw StorageError.system(errno, at: path, doing: "written") }
            return false
        }
        let sink = PipeSink(descriptor, path: path, patience: patience)
        do {
            try write(sink)
            return true
        } catch is ReaderLeft {
            return false
        } catch {
            sink.tear()
            throw error
        }
    }

    private func makePipe(_ path: String) throws {
        if mkfifo(path, 0o600) == 0 { return }
        var status = stat()
        guard errno == EEXIST, lstat(path, &status) == 0, status.st_mode & S_IFMT == S_IFIFO else {
            throw StorageError.system(errno, at: path, doing: "made")
        }
    }
}

/// The pipe's reader has closed it.
private struct ReaderLeft: Error {}

private final class PipeSink: ByteSink, @unchecked Sendable {
    // Unchecked: a sink belongs to one thread at a time.
    private let descriptor: Int32
    private let path: String
    private let patience: PipePatience
    private var written = 0

    init(_ descriptor: Int32, path: String, patience: PipePatience) {
        self.descriptor = descriptor
        self.path = path
        self.patience = patience
    }

    deinit { close(descriptor) }

    func write(_ bytes: UnsafeRawBufferPointer) throws {
        try patience.checkStop(path)
        try write(bytes, patience)
    }

    /// Makes the length of everything none that whole RecordIO records have, which is a multiple of four; where that goes without waiting long.
    func tear() {
        let rest = [UInt8](repeating: 0, count: written % 4 == 3 ? 2 : 1)
        try? rest.withUnsafeBytes { try write($0, PipePatience(seconds: 1)) }
    }

    private func write(_ bytes: UnsafeRawBufferPointer, _ patience: PipePatience) throws {
        var done = 0
        while done < bytes.count {
            let count = Glibc.write(descriptor, bytes.baseAddress.map { $0 + done }, bytes.count - done)
            if count >= 0 {
                done += count
                written += count
                continue
            }
            switch errno {
            case EINTR: continue
            case EPIPE: throw ReaderLeft()
            case EAGAIN:
                try patience.wait(for: path, "nobody read from it") {
                    var query = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
                    return poll(&query, 1, 100) != 0
                }
            default: throw StorageError.system(errno, at: path, doing: "written")
            }
        }
    }

    func commit() {}
}
