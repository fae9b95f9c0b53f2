import Storage
import Testing

@Suite struct LocationTests {
    @Test("s3:// splits into bucket and key; a plain path stays one")
    func schemes() throws {
        #expect(try Location("s3://photos/train/1.jpg") == .s3(bucket: "photos", key: "train/1.jpg"))
        #expect(try Location("s3://photos") == .s3(bucket: "photos", key: ""))
        #expect(try Location("data/a b.jpg") == .file("data/a b.jpg"))
        #expect(try Location("file:///data/a%20b.jpg") == .file("/data/a b.jpg"))
    }

    @Test("What is no location is refused", arguments: ["", "s3://", "s3:///key", "ftp://host/file", "file://relative"])
    func refusals(text: String) {
        #expect(throws: StorageError.self) { try Location(text) }
    }
}
