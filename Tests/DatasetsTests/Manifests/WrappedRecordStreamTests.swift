import Imaging
import Storage
import Testing

@testable import Datasets

/// Records in memory: RecordIO's own framing is another reader's matter.
private final class Records: RecordSource, @unchecked Sendable {
    private var records: ArraySlice<[UInt8]>
    private let breaksOff: Bool

    init(_ records: [[UInt8]], breaksOff: Bool = false) {
        self.records = records[...]
        self.breaksOff = breaksOff
    }

    func nextRecord() throws -> [UInt8]? {
        if records.isEmpty, breaksOff { throw StorageError(.unreachable, at: "pipe", "it broke off", remedy: "") }
        return records.popFirst()
    }
}

@Suite("Augmented manifests in a pipe")
struct WrappedRecordStreamTests {
    private let magic: [UInt8] = [0x0A, 0x23, 0xD7, 0xCE]

    private func stream(
        _ records: [[UInt8]], _ task: VisionTask, _ names: [String], maskValues: AugmentedManifest.MaskValues = .classNumbers
    ) throws -> WrappedRecordStream {
        WrappedRecordStream(
            Records(records), as: try AugmentedManifest(task: task, attributeNames: names, maskValues: maskValues), place: "train_0")
    }

    @Test("Pictures and labels alternate; a label's text may have quotation marks or not")
    func classification() throws {
        let images = try (0..<6).map { try picture(2, 2, UInt8($0)) }
        let labels = ["0", "\"1\"", "[1, 0, 1]", "\"[1, 0, 1]\"", " 7 ", "3.0"]
        let stream = try stream(
            zip(images, labels).flatMap { [$0, Array($1.utf8)] }, .classification, ["source-ref", "class"])
        let wanted: [ClassificationLabel] = [.single(0), .single(1), .multi([1, 0, 1]), .multi([1, 0, 1]), .single(7), .single(3)]
        for (number, label) in wanted.enumerated() {
            let record = try #require(try stream.next())
            #expect(record.label == label)
            #expect(try record.payload.encodedBytes() == images[number])
            #expect(record.name == "000000000\(number).png")
            #expect(record.place == "train_0, sample \(number)")
        }
        #expect(try stream.next() == nil)
        #expect(try stream.next() == nil)
    }

    @Test("Boxes and masks come the same way; metadata that are listed name the classes")
    func otherTasks() throws {
        let image = try picture(4, 4)
        let boxes =
            "{\"image_size\":[{\"width\":4,\"height\":4,\"depth\":3}],\"annotations\":[{\"class_id\":1,\"left\":1,\"top\":0,\"width\":2,\"height\":4}]}"
        let metadata = "{\"class-map\":{\"1\":\"dog\"}}"
        let detection = try stream(
            [image, Array(boxes.utf8), Array(metadata.utf8)], .detection, ["source-ref", "box", "box-metadata"])
        let record = try #require(try detection.next())
        #expect(record.boxes == [BoundingBox(classID: 1, left: 0.25, top: 0, right: 0.75, bottom: 1)])
        #expect(record.statedSize == PixelSize(width: 4, height: 4))
        #expect(detection.classNamesSoFar == ["0", "dog"])
        #expect(try detection.next() == nil)

        let mask = try picture(1, 1, 0x2A)
        let segmentation = try stream([image, mask], .segmentation, ["source-ref", "mask-ref"])
        #expect(try segmentation.next()?.mask?.encodedBytes() == mask)
        let colours = "{\"internal-color-map\":{\"5\":{\"class-name\":\"x\",\"hex-color\":\"#2a0709\"}}}"
        let coloured = try stream(
            [image, mask, Array(colours.utf8)], .segmentation, ["source-ref", "mask-ref", "mask-ref-metadata"], maskValues: .colours)
        guard case .pixels(let pixels)? = try coloured.next()?.mask else {
            Issue.record("the mask is decoded")
            return
        }
        #expect(pixels.pixels == [5])
        #expect(coloured.classNamesSoFar?.last == "x")
    }

    @Test("One record for each line, of two parts with the magic number between, is told by the first")
    func joined() throws {
        // The picture's own bytes hold the magic number, and what looks like a label behind it.
        let tricky = try picture(2, 2) + magic + Array("9".utf8) + [0xFF]
        let records = ["0", "[1, 0]"].map { tricky + magic + Array($0.utf8) }
        let classes = try stream(records + [tricky], .classification, ["source-ref", "class"])
        let first = try #require(try classes.next())
        #expect(first.label == .single(0))
        #expect(try first.payload.encodedBytes() == tricky)
        #expect(try classes.next()?.label == .multi([1, 0]))
        #expect(outcome(classes).contains("train_0, record 2: it does not hold a picture and a label, as the first record did"))
        #expect(classes.isRecoverable)
        #expect(try classes.next() == nil)

        let (image, mask) = (try picture(3, 1), try picture(1, 3))
        let masks = try stream([image + magic + mask], .segmentation, ["source-ref", "mask-ref"])
        let record = try #require(try masks.next())
        #expect(try record.payload.encodedBytes() == image)
        #expect(try record.mask?.encodedBytes() == mask)
        // A picture that holds the magic number is no joined record.
        let plain = try stream([tricky, Array("4".utf8)], .classification, ["source-ref", "class"])
        #expect(try plain.next()?.label == .single(4))
    }

    @Test("A broken label costs its sample; a stream that ends within a sample, or breaks off, ends")
    func broken() throws {
        let image = try picture(2, 2)
        let names = ["source-ref", "class"]
        let stream = try stream(
            [image, Array("cat".utf8), image, Array("-1".utf8), Array("0".utf8), image, image, Array("2".utf8), image], .classification,
            names)
        #expect(outcome(stream).hasPrefix("train_0, sample 0, 'class': byte 0: a value should stand where 'cat' does"))
        #expect(stream.isRecoverable)
        #expect(outcome(stream).hasPrefix("train_0, sample 1, 'class': class -1 is negative"))
        #expect(outcome(stream).hasPrefix("train_0, sample 2: the label comes before the picture; give AttributeNames in this order"))
        #expect(try stream.next()?.label == .single(2))
        #expect(outcome(stream).hasPrefix("train_0, record 9: the stream ends where 'class' of sample 4 should stand"))
        #expect(!stream.isRecoverable)
        let cut = WrappedRecordStream(
            Records([image], breaksOff: true), as: try AugmentedManifest(task: .classification, attributeNames: names), place: "train_0")
        #expect(throws: StorageError.self) { try cut.next() }
        #expect(!cut.isRecoverable)
        #expect(try self.stream([], .classification, names).next() == nil)
    }
}
