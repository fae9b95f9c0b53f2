import CLaunch
import Foundation

/// The end of what a process writes, for the case that somebody wants to read it.
final class KeptOutput {
    /// Bytes that are kept.
    static let limit = 1 << 16

    /// Where the process writes.
    private(set) var writer: Int32 = -1
    /// Where it is read; below zero when all has been read.
    private(set) var reader: Int32 = -1
    private var bytes: [UInt8] = []
    private var isCut = false

    /// A pipe; where there can't be one, nothing is kept.
    init() {
        var ends: [Int32] = [-1, -1]
        guard claunch_pipe(&ends) == 0 else { return }
        // Only our side: the process expects a stream that waits.
        _ = fcntl(ends[0], F_SETFL, O_NONBLOCK)
        (reader, writer) = (ends[0], ends[1])
    }

    deinit {
        closeWriter()
        finish()
    }

    /// Lets go of the side that the process has, so that its end is seen.
    func closeWriter() {
        if writer >= 0 { close(writer) }
        writer = -1
    }

    /// Takes what is there.
    func read() {
        guard reader >= 0 else { return }
        var piece = [UInt8](repeating: 0, count: Self.limit)
        while true {
            let got = Glibc.read(reader, &piece, piece.count)
            if got < 0, errno == EINTR { continue }
            if got == 0 { return shut() }
            guard got > 0 else { return }
            keep(piece[..<got])
        }
    }

    /// Takes what is left of a process that has ended.
    func finish() {
        read()
        shut()
    }

    /// Adds bytes and forgets the oldest.
    func keep(_ piece: ArraySlice<UInt8>) {
        bytes += piece
        guard bytes.count > Self.limit else { return }
        bytes.removeFirst(bytes.count - Self.limit)
        isCut = true
    }

    /// The lines that were kept, each with `prefix`. Of a line that was written over and over, as a progress bar is, the last state.
    func lines(prefix: String) -> [String] {
        var lines = bytes.split(separator: UInt8(ascii: "\n"))[...]
        // What is left of a line whose beginning was forgotten says little.
        if isCut, lines.count > 1 { lines = lines.dropFirst() }
        let texts = lines.compactMap { line in
            line.split(separator: UInt8(ascii: "\r")).last.map { prefix + String(decoding: $0, as: UTF8.self) }
        }
        return isCut ? [prefix + "…"] + texts : texts
    }

    private func shut() {
        if reader >= 0 { close(reader) }
        reader = -1
    }
}
