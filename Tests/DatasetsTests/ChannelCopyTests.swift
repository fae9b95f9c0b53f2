import Foundation
import Storage
import Testing

@testable import Datasets

@Suite("What copies of buckets leave")
struct ChannelCopyTests {
    @Test("Files that the bucket no longer holds go, and the class folders that are empty then")
    func gone() throws {
        let folder = NSTemporaryDirectory() + "copy-\(UUID().uuidString)"
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let store = LocalStore(folder)
        for name in ["cats/1.png", "cats/2.png", "dogs/old/1.png", "dogs/2.png", "hounds/2.png"] { try store.write([1], to: name) }
        try ChannelCopy.remove(allBut: ["cats/1.png", "hounds/2.png"], below: folder)
        #expect(try store.list().map(\.name) == ["cats/1.png", "hounds/2.png"])
        #expect(!FileManager.default.fileExists(atPath: folder + "/dogs"))
    }

    @Test("Slashes that follow each other are one in a file system; what would share a path is refused, and nothing is fetched twice")
    func slashes() throws {
        let folder = NSTemporaryDirectory() + "copy-\(UUID().uuidString)"
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let copy = ChannelCopy(Stores(), folder: folder)
        let bucket = BucketInMemory(["cat/1.jpg": [1], "cat//2.jpg": [2, 2], "/dog/3.jpg": [3, 3, 3]])
        let place = try copy.copy(from: bucket, part: "1-of-2") { _ in true }
        #expect(try LocalStore(place).list().map(\.name) == ["cat/1.jpg", "cat/2.jpg", "dog/3.jpg"])
        #expect(try copy.copy(from: bucket, part: "1-of-2") { _ in true } == place)
        #expect(bucket.reads.count == 3)
        // Fewer are wanted: the others go.
        _ = try copy.copy(from: bucket, part: "1-of-2") { $0.name.hasPrefix("cat") }
        #expect(try LocalStore(place).list().map(\.name) == ["cat/1.jpg", "cat/2.jpg"])
        bucket.put([4], as: "cat///1.jpg")
        let error = #expect(throws: DatasetError.self) { try copy.copy(from: bucket, part: "1-of-2") { _ in true } }
        #expect(error?.description.contains("the same path as") == true)
        for name in ["../1.jpg", "cat/../../1.jpg"] {
            #expect(throws: DatasetError.self) { try copy.copy(from: BucketInMemory([name: [1]]), part: "1-of-2") { _ in true } }
        }
    }

    @Test("A copy that fails keeps what earlier ones have left")
    func failed() throws {
        let folder = NSTemporaryDirectory() + "copy-\(UUID().uuidString)"
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let names = (0..<40).map { "a/\($0).jpg" }
        let bucket = BucketInMemory(Dictionary(uniqueKeysWithValues: names.map { ($0, [1, 2]) }))
        _ = try ChannelCopy(Stores(), folder: folder).copy(from: bucket, part: "1-of-1") { _ in true }
        // Stopped before it has looked at anything.
        #expect(throws: StorageError.self) {
            try ChannelCopy(Stores(), folder: folder, shouldStop: { true }).copy(from: bucket, part: "1-of-1") { _ in true }
        }
        let reads = bucket.reads.count
        _ = try ChannelCopy(Stores(), folder: folder).copy(from: bucket, part: "1-of-1") { _ in true }
        #expect(bucket.reads.count == reads)
    }

    @Test("What another process is writing stays, and what a dead one has left goes")
    func parts() throws {
        let folder = NSTemporaryDirectory() + "copy-\(UUID().uuidString)"
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let living = ".1.png.\(ProcessInfo.processInfo.processIdentifier)-12.part"
        // No process has a number beyond the kernel's limit, 2^22.
        let dead = ".2.png.\(1 << 23)-12.part"
        for name in [living, dead] { try LocalStore(folder).write([1], to: name) }
        try ChannelCopy.remove(allBut: [], below: folder)
        #expect(FileManager.default.fileExists(atPath: folder + "/" + living))
        #expect(!FileManager.default.fileExists(atPath: folder + "/" + dead))
    }
}
