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
}
