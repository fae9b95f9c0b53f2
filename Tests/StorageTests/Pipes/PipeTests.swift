import Foundation
import Synchronization
import Testing

@testable import Storage

@Suite("Pipes", .timeLimit(.minutes(1)))
struct PipeTests {
    private let folder = FileManager.default.temporaryDirectory.appendingPathComponent("pipes-\(UUID().uuidString)").path

    /// Feeds epochs on another thread; `delay` before each.
    private func feed(_ epochs: [[UInt8]], delay: Double = 0) -> FeedResult {
        let result = FeedResult()
        let folder = folder
        Thread.detachNewThread {
            for (number, content) in epochs.enumerated() {
                Thread.sleep(forTimeInterval: delay)
                let whole = try? PipeFeeder(folder: folder, channel: "train", patience: PipePatience(seconds: 5))
                    .feed(number: number) { try $0.write(content) }
                result.epochs.withLock { $0.append(whole) }
            }
        }
        return result
    }

    private final class FeedResult: Sendable {
        let epochs = Mutex<[Bool?]>([])

        func wait(_ count: Int) -> [Bool?] {
            for _ in 0..<500 where epochs.withLock({ $0.count }) < count { usleep(10_000) }
            return epochs.withLock { $0 }
        }
    }

    private func open(_ number: Int, seconds: Double = 5) throws -> PipeStream {
        try PipeStream(PipeStream.path(folder: folder, channel: "train", number: number), patience: PipePatience(seconds: seconds))
    }

    @Test("A pipe an epoch is read to its end, also where pipes and their writers are late", arguments: [0, 0.1])
    func epochs(delay: Double) throws {
        let contents = (0..<3).map { number in (0..<300_000).map { UInt8(truncatingIfNeeded: $0 &* 31 &+ number) } }
        let result = feed(contents, delay: delay)
        for number in 0..<3 { #expect(try open(number).remainder(limit: 1 << 20, place: "pipe") == contents[number]) }
        #expect(result.wait(3) == [true, true, true])
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder).isEmpty)
    }

    @Test("A reader that leaves early ends that epoch for the feeder, not the feeder")
    func readerLeaves() throws {
        let result = feed([[UInt8](repeating: 1, count: 5 << 20), [7, 8]])
        do {
            let stream = try open(0)
            var piece = [UInt8](repeating: 0, count: 10)
            #expect(try piece.withUnsafeMutableBytes { try stream.read(into: $0) } == 10)
        }
        #expect(try open(1).remainder(limit: 100, place: "pipe") == [7, 8])
        #expect(result.wait(2) == [false, true])
    }

    @Test("What a feeder could not end has a length that no whole records have", arguments: [0, 4, 6, 7])
    func torn(length: Int) throws {
        struct Fault: Error {}
        let folder = folder
        let outcome = Mutex(false)
        Thread.detachNewThread {
            do {
                try PipeFeeder(folder: folder, channel: "train", patience: PipePatience(seconds: 5)).feed(number: 0) {
                    try $0.write([UInt8](repeating: 1, count: length))
                    throw Fault()
                }
            } catch {
                outcome.withLock { $0 = error is Fault }
            }
        }
        let bytes = try open(0).remainder(limit: 100, place: "pipe")
        #expect(bytes.count > length && !bytes.count.isMultiple(of: 4))
        for _ in 0..<500 where !outcome.withLock({ $0 }) { usleep(10_000) }
        #expect(outcome.withLock { $0 })
    }

    @Test("A reader that opens a pipe and never reads is waited for as long as one that never comes")
    func silentReader() throws {
        let path = PipeStream.path(folder: folder, channel: "train", number: 0)
        let folder = folder
        let message = Mutex("")
        Thread.detachNewThread {
            do {
                try PipeFeeder(folder: folder, channel: "train", patience: PipePatience(seconds: 0.5)).feed(number: 0) {
                    try $0.write([UInt8](repeating: 1, count: 1 << 20))
                }
            } catch {
                message.withLock { $0 = "\(error)" }
            }
        }
        let stream = try PipeStream(path, patience: PipePatience(seconds: 5))
        for _ in 0..<500 where message.withLock({ $0.isEmpty }) { usleep(10_000) }
        #expect(message.withLock { $0 }.contains("nobody read from it"))
        withExtendedLifetime(stream) {}
    }

    @Test("A writer that closes without a byte is the end, not a wait")
    func empty() throws {
        _ = feed([[]])
        #expect(try open(0).remainder(limit: 100, place: "pipe") == [])
    }

    @Test("A pipe that never comes is an error that says so; so is one that nobody writes into")
    func never() throws {
        #expect(throws: StorageError.self) { try open(9, seconds: 0.1) }
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        #expect(mkfifo(folder + "/train_0", 0o600) == 0)
        let stream = try open(0, seconds: 0.1)
        do {
            _ = try stream.remainder(limit: 10, place: "pipe")
            Issue.record("it was read")
        } catch let error as StorageError {
            #expect(error.kind == .unreachable)
            #expect(error.description.contains("nobody opened it for writing"))
        }
    }

    @Test("Waiting can be cancelled at any point")
    func cancelled() throws {
        let box = StopBox()
        Thread.detachNewThread {
            usleep(50_000)
            box.stop()
        }
        #expect {
            try PipeStream(folder + "/train_0", patience: PipePatience(shouldStop: { box.isStopped }))
        } throws: { ($0 as? StorageError)?.kind == .cancelled }
    }

    private final class StopBox: Sendable {
        private let flag = Atomic<Bool>(false)
        var isStopped: Bool { flag.load(ordering: .relaxed) }
        func stop() { flag.store(true, ordering: .relaxed) }
    }
}
