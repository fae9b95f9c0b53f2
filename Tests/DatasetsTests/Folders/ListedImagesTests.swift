import Foundation
import Storage
import Testing

@testable import Datasets

@Suite("Image lists in any store")
struct ListedImagesTests {
    private let images = BucketInMemory(
        ["a.jpg": picture("a"), "sub/b c.jpg": picture("b"), "c.png": picture("c")], place: "s3://bucket/train")

    private func open(_ list: String, classes: String? = nil) throws -> ListedImages {
        let lists = BucketInMemory(["x/train.lst": Array(list.utf8)], place: "s3://bucket/lists")
        if let classes { lists.put(Array(classes.utf8), as: "x/classes.txt") }
        return try ListedImages("x/train.lst", in: lists, images: images)
    }

    @Test("List and pictures come from two prefixes; names of classes from the file beside the list")
    func bucket() throws {
        let data = try open("7\t1.000000\ta.jpg\n1\t0\t./sub/b c.jpg\n", classes: "cat\ndog\n")
        #expect(data.classNames == ["cat", "dog"] && data.warnings.isEmpty && images.reads.isEmpty)
        let record = try data.record(at: 1)
        #expect(record.name == "sub/b c.jpg" && record.place == "s3://bucket/lists/x/train.lst:2")
        #expect(try record.payload.encodedBytes() == picture("b"))
        let training = try ClassificationDataset(data)
        #expect(training.histogram == [1, 1] && training.source == "s3://bucket/lists/x/train.lst with images in s3://bucket/train")
        #expect(try training.record(at: 0).id == "s3://bucket/train/a.jpg")
        #expect(try training.annotatedImages.record(at: 0).place == "s3://bucket/lists/x/train.lst:1")
    }

    @Test("Classes without pictures are told by the first ten, however many there are")
    func gaps() throws {
        #expect(try open("0\t1\ta.jpg\n1\t3\tc.png\n").warnings == ["\(list): labels should have no gaps, but no line has label 0, 2"])
        let twelve = try open("0\t12\ta.jpg\n").warnings
        #expect(twelve == ["\(list): labels should have no gaps, but no line has label 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, … (12 in all)"])
        #expect(try open("0\t999999\ta.jpg\n").warnings.first?.hasSuffix("9, … (999999 in all)") == true)
        #expect(try open("0\t1\ta.jpg\n1\t0\tc.png\n").warnings.isEmpty)
    }

    private let list = "s3://bucket/lists/x/train.lst"

    @Test("A broken line and a missing picture are errors of their records, and the others are read")
    func faults() throws {
        let data = try open("0\t1\ta.jpg\n1\tcat\tc.png\n\n0\t1\tc.png\n3\t0\tno.jpg\n4\t0\tsub\\b c.jpg\n5\t1\t0\ta.jpg\n6\t0\tc.png\n")
        #expect(data.count == 7)
        let found = (0..<data.count).map { index in message { _ = try data.record(at: index) }.replacing("s3://bucket/lists/x/", with: "") }
        #expect(found[0] == "no error" && found[6] == "no error")
        #expect(found[1].hasPrefix("train.lst:2, column 2 (label): 'cat' is not a whole number"))
        #expect(found[2].hasPrefix("train.lst:4, column 1 (index): index 0 was used on line 1 already"))
        #expect(found[3].hasPrefix("train.lst:5: the image 'no.jpg' is not in 's3://bucket/train'; paths are relative"))
        #expect(found[4].hasSuffix("there is a 'sub/b c.jpg': separate folders by '/'"))
        #expect(found[5].hasPrefix("train.lst:7: 2 label columns, but line 1 has 1"))
        #expect(data.warnings.first?.contains("3 of 7 lines are broken") == true)
        // A label can be counted without its picture.
        #expect(message { _ = try data.annotation(at: 3) } == "no error")
        #expect(message { _ = try ClassificationDataset(data) }.contains("train.lst:2, column 2"))
        #expect(message { _ = try data.record(at: 7) }.contains("there is no record 7"))
    }

    @Test(
        "A path that leads out of the channel is refused, a link within it is not",
        arguments: ["../a.jpg", "/etc/passwd", "sub/../../a.jpg", ".."])
    func escapes(path: String) throws {
        let text = message { _ = try open("0\t0\t\(path)\n") }
        #expect(text.contains("train.lst:1, column 3: the path '\(path)' leads out of the image channel; write paths relative"))
        let folder = try TemporaryFolder()
        let elsewhere = try TemporaryFolder()
        try elsewhere.touch("a..b.jpg")
        try folder.write("0\t0\tlinked/a..b.jpg\n", to: "l.lst")
        try FileManager.default.createSymbolicLink(atPath: folder.path + "/linked", withDestinationPath: elsewhere.path)
        #expect(try ClassificationDataset(channel: folder.path + "/l.lst").count == 1)
    }

    @Test("Bytes that are no list at all are refused, however many lines they seem to have")
    func garbage() throws {
        let noise = String(repeating: "no list\n", count: 5000)
        #expect(message { _ = try open(noise) }.contains("train.lst:1: 1 column where at least 3 are needed"))
        #expect(message { _ = try open("0\t0\ta.jpg\n" + noise) }.contains("1 column where"))
        #expect(message { _ = try open("\n\n") }.contains("the list is empty"))
    }

    @Test("A damaged list opens or is refused, record by record, and never crashes")
    func damaged() throws {
        let good = Array("0\t1\ta.jpg\n1\t0.000000\tsub/b c.jpg\n2\t3\tc.png\n".utf8)
        var sound = 0
        for index in 0..<300 {
            var random = RandomStream(seed: 1, epoch: 0, index: index)
            var bytes = good
            for _ in 0..<3 { bytes[Int.random(in: bytes.indices, using: &random)] = UInt8.random(in: 0...255, using: &random) }
            do {
                let data = try ListedImages("l.lst", in: BucketInMemory(["l.lst": bytes]), images: images)
                for index in 0..<data.count where (try? data.record(at: index)) != nil { sound += 1 }
            } catch is DatasetError {}
        }
        #expect(sound > 100)
    }

    @Test("A machine that got a part of the pictures takes its lines of the whole list; one that should have all misses some")
    func part() throws {
        let folder = NSTemporaryDirectory() + "part-\(UUID().uuidString)"
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let store = LocalStore(folder)
        for name in ["pictures/a.png", "pictures/c.png"] { try store.write([1], to: name) }
        try store.write(Array("0\t0\ta.png\n1\t1\tb.png\n2\t1\tc.png \t\n".utf8), to: "all.lst")
        let own = try ListedImages.read(folder + "/all.lst", root: folder + "/pictures", classCount: 2, isPartial: true)
        #expect(try (0..<own.count).map { try own.record(at: $0).name } == ["a.png", "c.png"])
        let labels = try (0..<own.count).map { index -> ClassificationLabel? in
            if case .label(let label) = try own.annotation(at: index) { label } else { nil }
        }
        #expect(labels == [.single(0), .single(1)])
        let error = #expect(throws: DatasetError.self) {
            try ListedImages.read(folder + "/all.lst", root: folder + "/pictures", classCount: 2)
        }
        #expect(error?.description.contains("1 of 3 images are missing") == true)
    }
}
