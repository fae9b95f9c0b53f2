import Foundation
import Imaging
import Storage
import Testing

@testable import Datasets

@Suite("Image records")
struct ImageRecordTests {
    /// What MXNet itself says about the files that it wrote.
    struct Truth: Decodable {
        struct Record: Decodable {
            let id: UInt64
            let flag: Int
            let label: [Float]
            let payload_len: Int
            let payload_head: String
            let shape_hwc: [Int]
        }
        let records: [Record]
        let count: Int
    }

    @Test("A list or an index that lies where a file is to be written is not replaced")
    func othersFiles() throws {
        for name in ["train.lst", "train.idx", "train.rec"] {
            let folder = try TemporaryFolder()
            try folder.write("mine", to: name)
            #expect(message { _ = try RecordIOImageWriter(folder.store, name: "train") }.contains("\(name): it is already there"))
            #expect(try folder.store.bytes(of: name) == Array("mine".utf8))
        }
    }

    @Test(
        "Files that MXNet wrote are read exactly", .enabled(if: SharedData.holds("recordio")),
        arguments: ["cls", "multilabel", "det_a2b5", "split"])
    func truth(name: String) throws {
        let json = try Data(contentsOf: URL(fileURLWithPath: SharedData.path("recordio/expected.json")))
        let all = try #require(JSONSerialization.jsonObject(with: json) as? [String: Any])
        let truth = try JSONDecoder().decode(Truth.self, from: JSONSerialization.data(withJSONObject: #require(all[name])))
        let reader = RecordIOReader(try FileStream(SharedData.path("recordio/\(name)/train.rec")), place: name)
        let index = try RecordIOIndex(scanning: LocalFile(SharedData.path("recordio/\(name)/train.rec")))
        #expect(index.offsets.count == truth.count)
        let stored = try FileSystem.bytes(of: SharedData.path("recordio/\(name)/train.idx"))
        #expect(RecordIOIndex(text: stored, size: index.size) == index)
        var rewritten: [[UInt8]] = []
        for (number, expected) in truth.records.enumerated() {
            #expect(reader.offset == index.offsets[number])
            let payload = try #require(try reader.next())
            let record = try payload.withUnsafeBytes { try ImageRecord(payload: $0, place: name) }
            #expect(record.id == expected.id)
            #expect(record.labels == expected.label)
            #expect(record.image.count == expected.payload_len)
            #expect(record.image.prefix(4).map { String(format: "%02x", $0) }.joined() == expected.payload_head)
            let image = try Image(decoding: record.image)
            #expect([image.height, image.width] == Array(expected.shape_hwc.prefix(2)))
            rewritten.append(record.payload)
        }
        #expect(try reader.next() == nil)
        // Written again they are the same file.
        #expect(try recordIO(rewritten) == FileSystem.bytes(of: SharedData.path("recordio/\(name)/train.rec")))
    }

    @Test("Detection labels mean what the format says, padding left out")
    func detection() throws {
        let labels: [Float] = [4, 6, 500, 300, 1, 0.1, 0.2, 0.3, 0.4, 1, -1, -1, -1, -1, -1, -1]
        guard case .boxes(let boxes) = try ImageRecordLabels.annotation(labels, task: .detection, place: "p") else {
            Issue.record("no boxes")
            return
        }
        #expect(boxes.map(\.classID) == [1])
        #expect(boxes[0].isDifficult && Float(boxes[0].bottom) == 0.4)
        #expect(try ImageRecordLabels.labels(of: .boxes(boxes), place: "p") == [2, 6, 1, 0.1, 0.2, 0.3, 0.4, 1])
        #expect(try ImageRecordLabels.labels(of: .boxes(boxes), objectWidth: 5, place: "p") == [2, 5, 1, 0.1, 0.2, 0.3, 0.4])
        let hostile: [[Float]] = [
            [], [2], [2, 5, 1], [1, 5], [2, 4], [.nan, 5], [2, .infinity], [2e9, 5], [2, 5, 0.5, 0, 0, 1, 1], [2, 5, .nan, 0, 0, 1, 1],
            [7, 5, 1],
        ]
        for labels in hostile {
            #expect(throws: DatasetError.self) { try ImageRecordLabels.annotation(labels, task: .detection, place: "p") }
        }
        #expect(
            try ImageRecordLabels.labels(of: ImageRecordLabels.annotation([2, 5], task: .detection, place: "p"), place: "p") == [2, 6])
    }

    @Test("A label must be a class number, and as many as label_width says")
    func labels() throws {
        for value: Float in [-1, 0.5, .nan, .infinity, 1e20] {
            #expect(throws: DatasetError.self) { try ImageRecordLabels.annotation([value], task: .classification, place: "p") }
        }
        let text = message { _ = try ImageRecordLabels.annotation([1, 0], task: .classification, labelWidth: 3, place: "a.rec, record 4") }
        #expect(text.contains("a.rec, record 4: it has 2 labels where label_width is 3"))
        #expect(throws: DatasetError.self) { try ImageRecordLabels.annotation([1], task: .segmentation, place: "p") }
    }

    @Test("A header that promises more labels than there are bytes is an error")
    func hostileHeaders() throws {
        for bytes: [UInt8] in [[], [1, 2, 3], [UInt8](repeating: 255, count: 24), [UInt8](repeating: 255, count: 400)] {
            #expect(throws: DatasetError.self) { try bytes.withUnsafeBytes { try ImageRecord(payload: $0, place: "p") } }
        }
    }

    private static let images = (0..<5).compactMap {
        try? Image(width: 4 + $0, height: 3, channels: 3, pixels: .init(repeating: 9, count: (4 + $0) * 9))
    }

    private static func samples() throws -> [AnnotatedImage] {
        try images.enumerated().map { number, image in
            AnnotatedImage(
                name: "class\(number % 2)/a\(number)", payload: .encoded(try image.encodedPNG()), annotation: .label(.single(number % 2)),
                place: "made")
        }
    }

    private static func labels(_ images: RecordIOImages) throws -> [Int] {
        try (0..<images.count).map { number in
            guard case .label(.single(let value)) = try images.annotation(at: number) else { return -1 }
            return value
        }
    }

    @Test("What the writer writes is read back, with and without an index, in order and out of order")
    func writer() throws {
        let folder = try TemporaryFolder()
        let store = LocalStore(folder.path)
        let writer = try RecordIOImageWriter(store, name: "train")
        for sample in try Self.samples() { try writer.write(sample) }
        #expect(try store.list().isEmpty)
        try writer.finish()
        #expect(try store.list().map(\.name) == ["train.idx", "train.lst", "train.rec"])
        let list = String(decoding: try store.bytes(of: "train.lst"), as: UTF8.self)
        #expect(list.hasPrefix("0\t0\tclass0/a0.png\n1\t1\tclass1/a1.png\n"))
        for hasIndex in [true, false] {
            if !hasIndex { try store.remove("train.idx") }
            let images = try RecordIOImages(store, name: "train.rec", task: .classification)
            #expect(images.count == 5 && images.warnings.isEmpty)
            #expect(try Self.labels(images) == [0, 1, 0, 1, 0])
            for number in [4, 0, 2] {
                let record = try images.record(at: number)
                #expect(try record.payload.encodedBytes() == Self.images[number].encodedPNG())
                #expect(record.name == "0000000\(number).png")
            }
            #expect(message { _ = try images.record(at: 5) }.contains("there is no record 5"))
        }
        let stream = RecordIOStream(try store.open("train.rec"), task: .classification, place: "pipe")
        var names: [String] = []
        while let record = try stream.next() { names.append(record.name) }
        #expect(names == (0..<5).map { "0000000\($0).png" })
    }

    @Test("An index that is older than its file is found out", arguments: ["0\t0\n", "0\t0\n1\t500\n", "rubbish"])
    func staleIndex(text: String) throws {
        let folder = try TemporaryFolder()
        let store = LocalStore(folder.path)
        let writer = try RecordIOImageWriter(store, name: "train")
        for sample in try Self.samples() { try writer.write(sample) }
        try writer.finish()
        try folder.write(text, to: "train.idx")
        let images = try RecordIOImages(store, name: "train.rec", task: .classification)
        let outcome = message { for number in 0..<images.count { _ = try images.record(at: number) } }
        #expect(!images.warnings.isEmpty && images.count == 5 || outcome.contains("index"))
    }

    @Test("A writer that was interrupted goes on behind its last whole record", arguments: [0, 1, 17, 1000])
    func resume(torn: Int) throws {
        let folder = try TemporaryFolder()
        let store = LocalStore(folder.path)
        let samples = try Self.samples()
        do {
            let whole = try RecordIOImageWriter(store, name: "whole")
            for sample in samples { try whole.write(sample) }
            try whole.finish()
        }
        // What an interrupted run leaves: some whole records and a torn one, with more list lines than records or fewer.
        let bytes = try store.bytes(of: "whole.rec")
        let list = try store.bytes(of: "whole.lst")
        let index = try #require(RecordIOIndex(text: store.bytes(of: "whole.idx"), size: bytes.count))
        try folder.write(Array(bytes[..<min(bytes.count, index.offsets[3] + torn)]), to: ".part.rec.partial")
        try folder.write(Array(list.prefix(torn == 17 ? 25 : list.count)), to: ".part.lst.partial")
        let writer = try RecordIOImageWriter(store, name: "part", resume: true)
        #expect(writer.count == (torn == 17 ? 1 : torn == 1000 ? 5 : 3))
        for sample in samples.dropFirst(writer.count) { try writer.write(sample) }
        try writer.finish()
        for suffix in [".rec", ".idx", ".lst"] { #expect(try store.bytes(of: "part" + suffix) == store.bytes(of: "whole" + suffix)) }
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path).filter { $0.hasPrefix(".") }.isEmpty)
    }

    @Test("A part of a file is gone on with or refused, never cut; two writers of one file are one too many")
    func unfinished() throws {
        let folder = try TemporaryFolder()
        let store = LocalStore(folder.path)
        let first = try RecordIOImageWriter(store, name: "part")
        #expect(throws: StorageError.self) { try RecordIOImageWriter(store, name: "part", resume: true) }
        try withExtendedLifetime(first) { try first.write(Self.samples()[0]) }
        try folder.write([1, 2, 3], to: ".other.rec.partial")
        let error = #expect(throws: DatasetError.self) { try RecordIOImageWriter(store, name: "other") }
        #expect(error?.description.contains("--resume") == true)
        #expect(try store.bytes(of: ".other.rec.partial") == [1, 2, 3])
    }

    @Test("A stream goes on behind a record whose labels are wrong, not behind damage")
    func recoverable() throws {
        let good = ImageRecord(id: 0, labels: [1], image: [1, 2, 3]).payload
        let bytes = try recordIO([good, ImageRecord(id: 1, labels: [0.5], image: []).payload, [1, 2], good]) + [1, 2, 3]
        let stream = RecordIOStream(MemoryStream(bytes), task: .classification, place: "pipe")
        #expect(try stream.next() != nil)
        for _ in 0..<2 {
            #expect(throws: DatasetError.self) { try stream.next() }
            #expect(stream.isRecoverable)
        }
        #expect(try stream.next()?.place == "pipe, record 3")
        #expect(throws: DatasetError.self) { try stream.next() }
        #expect(!stream.isRecoverable)
    }

    @Test("Names come from the list beside the records, and classes from im2rec's own listing")
    func names() throws {
        let folder = try TemporaryFolder()
        let store = LocalStore(folder.path)
        let writer = try RecordIOImageWriter(store, name: "train", classNames: ["a", "b"])
        for sample in try Self.samples() { try writer.write(sample) }
        try writer.finish()
        let images = try RecordIOImages(store, name: "train.rec", task: .classification, readsNames: true)
        #expect(try images.record(at: 3).name == "class1/a3.png")
        #expect(images.classNames == ["a", "b"])
        try folder.write("cat 0\nred dog 1\n", to: "classes.txt")
        #expect(try RecordIOImages(store, name: "train.rec", task: .classification).classNames == ["cat", "red dog"])
        try folder.write("digit 0\ndigit 1\n", to: "classes.txt")
        #expect(try RecordIOImages(store, name: "train.rec", task: .classification).classNames == ["digit 0", "digit 1"])
        #expect(message { _ = try RecordIOImageWriter(store, name: "train") }.contains("it is already there"))
    }
}
