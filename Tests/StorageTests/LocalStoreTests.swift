import Foundation
import Storage
import Testing

@Suite struct LocalStoreTests {
    private let folder = FileManager.default.temporaryDirectory.appendingPathComponent("store-\(UUID().uuidString)").path
    private var store: LocalStore { LocalStore(folder) }

    private func put(_ name: String, _ bytes: [UInt8]) throws {
        let sink = try store.create(name)
        try sink.write(bytes)
        try sink.commit()
    }

    @Test("What was committed is read back, whole, in parts and as a stream; what was not is invisible")
    func roundTrip() throws {
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let bytes = (0..<100_000).map { UInt8(truncatingIfNeeded: $0 &* 31) }
        try put("a/b.bin", bytes)
        try store.create("a/c.bin").write([1, 2, 3])
        #expect(try store.bytes(of: "a/b.bin") == bytes)
        #expect(try store.bytes(of: "a/b.bin", range: 99_000..<100_000) == Array(bytes[99_000...]))
        #expect(try store.open("a/b.bin").remainder(limit: 1 << 20, place: "b") == bytes)
        #expect(try store.list().map(\.name) == ["a/b.bin"])
        #expect(try store.information(about: "a/c.bin") == nil)
        #expect(throws: StorageError.self) { try store.bytes(of: "a/b.bin", range: 0..<100_001) }
        #expect(throws: StorageError.self) { try store.open("a/b.bin").remainder(limit: 10, place: "b") }
    }

    @Test("A list is in the order of S3's: bytes of the whole name, prefixes need not end at a folder")
    func order() throws {
        defer { try? FileManager.default.removeItem(atPath: folder) }
        for name in ["a/1.jpg", "a.jpg", "a-b/2.jpg", "B.jpg", ".hidden", "é.jpg"] { try put(name, [0]) }
        #expect(try store.list().map(\.name) == ["B.jpg", "a-b/2.jpg", "a.jpg", "a/1.jpg", "é.jpg"])
        #expect(try store.list(prefix: "a").map(\.name) == ["a-b/2.jpg", "a.jpg", "a/1.jpg"])
        #expect(try store.list(prefix: "a/").map(\.name) == ["a/1.jpg"])
        #expect(try store.list(prefix: "nothing/").isEmpty)
    }

    @Test("A folder that is not there is named")
    func missing() {
        #expect { try LocalStore("/nowhere/at/all").list() } throws: { "\($0)".contains("/nowhere/at/all") }
    }
}
