import Dispatch
import Foundation
import Storage
import Synchronization

/// Gives each rank of a host all bytes of a channel in pipe mode, of which the platform makes one FIFO an epoch for the host.
///
/// Each rank has a FIFO of its own, with the same name in another folder, `<scratch>/rank-<k>/<channel>_<epoch>`. The platform's is opened
/// when all ranks have opened theirs, and so no earlier than one rank alone would do it. A rank that closes its own early does not end the
/// others'; when all have, the platform's is closed.
///
/// Source: spec data-formats.md, "Channels and input modes" (Pipe).
public final class PipeTee: Sendable {
    /// The channel.
    public let channel: String
    private let source: String
    private let scratch: String
    private let ranks: Int
    private let seconds: Double
    private let limit: Int
    private let isStopped = Atomic<Bool>(false)
    private let problem = Mutex<(any Error)?>(nil)
    private let running = DispatchGroup()

    /// A tee for the FIFOs `<source>/<channel>_<epoch>`.
    ///
    /// `scratch`: a folder that the ranks' folders are made in; who made it removes it. `seconds`: until the platform must have made and
    /// opened a FIFO; ranks are waited for as long as it takes. `limit`: bytes by which the quickest rank may be ahead of the slowest,
    /// besides what pipes hold.
    public init(
        channel: String, from source: String, into scratch: String, ranks: Int, seconds: Double = PipePatience().seconds,
        limit: Int = 64 << 20
    ) {
        (self.channel, self.source, self.scratch, self.ranks) = (channel, source, scratch, ranks)
        (self.seconds, self.limit) = (seconds, limit)
    }

    /// The folder of a rank's pipes. `rank`: its number on this host.
    public static func folder(ofRank rank: Int, in scratch: String) -> String { "\(scratch)/rank-\(rank)" }

    /// Begins to copy, epoch after epoch, on threads of its own until ``stop()``.
    public func start() {
        onThread(running) { [self] in
            var epoch = 0
            while !shouldStop, failure == nil {
                copy(epoch)
                epoch += 1
            }
        }
    }

    /// What ended the copying, besides ``stop()``. The ranks' pipes stay open until then: an end that they saw would pass for the epoch's.
    public var failure: (any Error)? { problem.withLock { $0 } }

    /// Ends the copying, closes and removes the ranks' pipes, and waits until that is done. To be called when the ranks have ended.
    public func stop() {
        isStopped.store(true, ordering: .relaxed)
        running.wait()
    }

    // MARK: An epoch

    private func copy(_ epoch: Int) {
        let buffer = TeeBuffer(writers: ranks, limit: limit)
        let writers = DispatchGroup()
        for rank in 0..<ranks { onThread(writers) { [self] in noting { try write(epoch, to: rank, from: buffer) } } }
        noting {
            try buffer.waitForAll {
                try checkStop()
                // A rank whose pipe can't be made never comes.
                if let failure { throw failure }
            }
            try read(epoch, into: buffer)
            buffer.finish()
        }
        writers.wait()
    }

    private func read(_ epoch: Int, into buffer: TeeBuffer) throws {
        let stream = try PipeStream(
            PipeStream.path(folder: source, channel: channel, number: epoch),
            patience: PipePatience(seconds: seconds) { [self] in shouldStop })
        var piece = [UInt8](repeating: 0, count: 1 << 18)
        while true {
            let count = try piece.withUnsafeMutableBytes { try stream.read(into: $0) }
            guard count > 0, try buffer.append(Array(piece[..<count]), checkStop: checkStop) else { return }
        }
    }

    private func write(_ epoch: Int, to rank: Int, from buffer: TeeBuffer) throws {
        defer { buffer.leave(rank) }
        // Between two epochs ranks may validate for hours.
        let patience = PipePatience(seconds: 1e9) { [self] in shouldStop }
        let feeder = PipeFeeder(folder: Self.folder(ofRank: rank, in: scratch), channel: channel, patience: patience)
        try feeder.feed(number: epoch) { sink in
            buffer.arrive()
            while let piece = try buffer.next(for: rank, checkStop: checkStop) { try sink.write(piece) }
        }
    }

    // MARK: Parts

    private var shouldStop: Bool { isStopped.load(ordering: .relaxed) }

    private func checkStop() throws {
        if shouldStop { throw StorageError(.cancelled, at: "\(source)/\(channel)", "copying it was cancelled", remedy: "") }
    }

    /// Keeps the first error, unless it only says that somebody asked to stop.
    private func noting(_ work: () throws -> Void) {
        do { try work() } catch {
            if !shouldStop { problem.withLock { $0 = $0 ?? error } }
        }
    }

    private func onThread(_ group: DispatchGroup, _ work: @escaping @Sendable () -> Void) {
        group.enter()
        Thread.detachNewThread {
            work()
            group.leave()
        }
    }
}
