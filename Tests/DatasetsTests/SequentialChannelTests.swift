import Datasets
import Foundation
import Storage
import Testing

@Suite("What a channel's pipe is fed with")
struct SequentialChannelTests {
    private final class Sink: ByteSink, @unchecked Sendable {
        private(set) var bytes: [UInt8] = []
        func write(_ more: UnsafeRawBufferPointer) throws { bytes += Array(more) }
        func commit() throws {}
    }

    private func fed(_ files: [String: [UInt8]], to channel: String) throws -> [UInt8] {
        let folder = NSTemporaryDirectory() + "feed-\(UUID().uuidString)"
        defer { try? FileManager.default.removeItem(atPath: folder) }
        for (name, bytes) in files { try LocalStore(folder).write(bytes, to: name) }
        let sink = Sink()
        try SequentialChannel(.file(folder), channel: channel, stores: Stores()).write(to: sink)
        return sink.bytes
    }

    @Test("A folder of several channels gives the one that the pipe is named for; parts of one go one behind the other")
    func channels() throws {
        let both: [String: [UInt8]] = ["train.rec": [1], "validation.rec": [2]]
        #expect(try fed(both, to: "train") == [1])
        #expect(try fed(both, to: "validation") == [2])
        #expect(throws: DatasetError.self) { try fed(both, to: "model") }
        #expect(try fed(["a.rec": [1], "b.rec": [2]], to: "train") == [1, 2])
        let lines = { (label: Int) in Array(#"{"source-ref": "x.jpg", "class": \#(label)}"#.utf8) }
        #expect(throws: DatasetError.self) { try fed(["a.manifest": lines(1), "b.manifest": lines(2)], to: "train") }
    }
}
