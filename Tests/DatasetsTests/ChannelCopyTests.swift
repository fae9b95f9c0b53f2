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
