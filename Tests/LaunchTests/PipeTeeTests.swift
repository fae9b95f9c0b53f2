import Foundation
import Storage
import Synchronization
import Testing

@testable import Launch

/// The platform's side is that of `sightline feed`.
@Suite("One pipe for several ranks", .timeLimit(.minutes(1)))
final class PipeTeeTests: Sendable {
    deinit { try? FileManager.default.removeItem(atPath: folder) }

    private let folder = FileManager.default.temporaryDirectory.appendingPathComponent("tee-\(UUID().uuidString)").path
    private var source: String { folder + "/data" }
    private var scratch: String { folder + "/scratch" }

    private func content(_ epoch: Int, size: Int = 700_001) -> [UInt8] {
        (0..<size).map { UInt8(truncatingIfNeeded: ($0 &* 31) ^ ($0 >> 8) &+ epoch) }
    }

    /// What threads have brought.
    private final class Box<Value: Sendable>: Sendable {
        private let values = Mutex<[Int: Value]>([:])
        func set(_ key: Int, _ value: Value) { values.withLock { $0[key] = value } }
        var all: [Int: Value] { values.withLock { $0 } }
        /// Waits until there are `count`.
        func wait(_ count: Int) -> [Int: Value] {
            for _ in 0..<1000 where all.count < count { usleep(10_000) }
            return all
        }
    }

    /// Feeds epochs as the platform does; whether each was read to its end.
    private func feed(_ epochs: [[UInt8]]) -> Box<Bool> {
        let (box, source) = (Box<Bool>(), source)
        Thread.detachNewThread {
            for (epoch, content) in epochs.enumerated() {
                let feeder = PipeFeeder(folder: source, channel: "train", patience: PipePatience(seconds: 20))
                box.set(epoch, (try? feeder.feed(number: epoch) { try $0.write(content) }) ?? false)
            }
        }
        return box
    }

    private func open(_ rank: Int, _ epoch: Int) throws -> PipeStream {
        try PipeStream(
            PipeStream.path(folder: PipeTee.folder(ofRank: rank, in: scratch), channel: "train", number: epoch),
            patience: PipePatience(seconds: 20))
    }

    private func tee(ranks: Int, seconds: Double = 20, limit: Int = 1 << 20) -> PipeTee {
        let tee = PipeTee(channel: "train", from: source, into: scratch, ranks: ranks, seconds: seconds, limit: limit)
        tee.start()
        return tee
    }

    /// Reads so many bytes, or to the end.
    private func read(_ stream: PipeStream, _ count: Int = .max) throws -> [UInt8] {
        var all: [UInt8] = []
        var piece = [UInt8](repeating: 0, count: 1 << 16)
        while all.count < count {
            let got = try piece.withUnsafeMutableBytes {
                try stream.read(into: UnsafeMutableRawBufferPointer(rebasing: $0[..<min($0.count, count - all.count)]))
            }
            if got == 0 { break }
            all += piece[..<got]
        }
        return all
    }

    @Test("Every rank gets all bytes of every epoch, and no pipe is left")
    func epochs() throws {
        let contents = (0..<3).map { content($0) } + [[]]
        let fed = feed(contents)
        let tee = tee(ranks: 3)
        let read = Box<Bool>()
        for rank in 0..<3 {
            Thread.detachNewThread {
                for epoch in contents.indices {
                    read.set(rank * 10 + epoch, (try? self.read(self.open(rank, epoch))) == contents[epoch])
                }
            }
        }
        #expect(read.wait(12).values.allSatisfy { $0 } && read.all.count == 12)
        #expect(fed.wait(4) == [0: true, 1: true, 2: true, 3: true])
        tee.stop()
        #expect(tee.failure == nil)
        for rank in 0..<3 {
            #expect(try FileManager.default.contentsOfDirectory(atPath: PipeTee.folder(ofRank: rank, in: scratch)).isEmpty)
        }
    }

    @Test("The platform's pipe is opened only when every rank has opened its own")
    func together() throws {
        let content = content(0)
        let fed = feed([content])
        let tee = tee(ranks: 2)
        defer { tee.stop() }
        let first = try open(0, 0)
        usleep(200_000)
        // Still without a reader.
        let probe = Glibc.open(source + "/train_0", O_WRONLY | O_NONBLOCK | O_CLOEXEC)
        #expect(probe < 0 && errno == ENXIO)
        if probe >= 0 { close(probe) }
        let second = try open(1, 0)
        let read = Box<Bool>()
        Thread.detachNewThread { read.set(0, (try? self.read(first)) == content) }
        #expect(try self.read(second) == content)
        #expect(read.wait(1) == [0: true] && fed.wait(1) == [0: true])
    }

    @Test("A rank that closes early does not stop the others; when all have, the platform's pipe is closed, and the next epoch comes")
    func early() throws {
        let contents = [content(0), content(1, size: 20 << 20), content(2)]
        let fed = feed(contents)
        let tee = tee(ranks: 2)
        defer { tee.stop() }
        let read = Box<Bool>()
        for rank in 0..<2 {
            Thread.detachNewThread {
                let first = try? self.read(self.open(rank, 0), rank == 0 ? 10 : .max)
                read.set(rank * 10, first == (rank == 0 ? Array(contents[0].prefix(10)) : contents[0]))
                read.set(rank * 10 + 1, (try? self.read(self.open(rank, 1), 1000)) == Array(contents[1].prefix(1000)))
                read.set(rank * 10 + 2, (try? self.read(self.open(rank, 2))) == contents[2])
            }
        }
        #expect(read.wait(6).values.allSatisfy { $0 } && read.all.count == 6)
        #expect(fed.wait(3) == [0: true, 1: false, 2: true])
        #expect(tee.failure == nil)
    }

    @Test("The quickest rank may be ahead of the slowest by the limit, and is held back there")
    func pressure() throws {
        let content = content(0, size: 8 << 20)
        let fed = feed([content])
        let tee = tee(ranks: 2, limit: 2 << 20)
        defer { tee.stop() }
        let (quick, slow) = (try open(0, 0), try open(1, 0))
        let progress = Mutex(0)
        let read = Box<Bool>()
        Thread.detachNewThread {
            var all: [UInt8] = []
            while let piece = try? self.read(quick, 1 << 16), !piece.isEmpty {
                all += piece
                progress.withLock { [count = all.count] in $0 = count }
            }
            read.set(0, all == content)
        }
        // As far as the limit it comes, though the other has read nothing.
        for _ in 0..<1000 where progress.withLock({ $0 }) < 2 << 20 { usleep(10_000) }
        #expect(progress.withLock { $0 } >= 2 << 20)
        usleep(200_000)
        // Pipes hold 64 kB each, and a piece is on its way in every thread.
        #expect(progress.withLock { $0 } <= (2 << 20) + (1 << 20) && fed.all.isEmpty)
        #expect(try self.read(slow) == content)
        #expect(read.wait(1) == [0: true] && fed.wait(1) == [0: true])
    }

    @Test("A platform that never comes is a failure, and ranks do not take it for the end of the epoch")
    func absent() throws {
        let tee = tee(ranks: 1, seconds: 0.1)
        let stream = try open(0, 0)
        for _ in 0..<500 where tee.failure == nil { usleep(10_000) }
        #expect((tee.failure as? StorageError)?.kind == .unreachable)
        let ended = Box<Bool>()
        // Whole records have a multiple of four bytes.
        Thread.detachNewThread { ended.set(0, (try? self.read(stream)).map { !$0.count.isMultiple(of: 4) } ?? false) }
        usleep(200_000)
        #expect(ended.all.isEmpty)
        tee.stop()
        #expect(ended.wait(1) == [0: true])
    }
}
