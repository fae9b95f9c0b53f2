import Datasets
import Imaging
import Storage
import Testing

@Suite("Boxes of pictures that EXIF turns")
struct TurnedBoxTests {
    // A box of 1 × 1 pixels in the stored picture of 4 × 2, at column 1 of row 0; expected by hand from the tag's definition.
    @Test(
        "Boxes of an annotation that states the stored size are turned with the picture",
        arguments: [(6, [1.0, 1, 2, 2]), (8, [0.0, 2, 1, 3]), (5, [0.0, 1, 1, 2]), (7, [1.0, 2, 2, 3])] as [(UInt8, [Double])])
    func stored(orientation: UInt8, expected: [Double]) throws {
        let folder = try TemporaryFolder()
        try folder.write(turnedJPEG(Image(width: 4, height: 2, filledWith: [9, 9, 9]), orientation: orientation), to: "train/a.jpg")
        func write(_ size: String, _ box: String) throws {
            let annotations = #"[{"class_id": 0, \#(box)}]"#
            try folder.write(
                #"{"file": "a.jpg", "image_size": [{\#(size), "depth": 3}], "annotations": \#(annotations)}"#, to: "train_annotation/a.json"
            )
        }
        func boxes() throws -> [[Double]] {
            let record = try DetectionChannel(folder.path).openDataset().record(at: 0)
            let shape = PictureShape(try ImageHeader(of: record.payload.encodedBytes()))
            return record.boxes(in: shape).map { [$0.left * 2, $0.top * 4, $0.right * 2, $0.bottom * 4] }
        }
        try write(#""width": 4, "height": 2"#, #""left": 1, "top": 0, "width": 1, "height": 1"#)
        #expect(try boxes() == [expected])
        // One that states the upright size is upright already.
        try write(#""width": 2, "height": 4"#, #""left": 1, "top": 0, "width": 1, "height": 1"#)
        #expect(try boxes() == [[1, 0, 2, 1]])
    }

    @Test("A format that keeps no size gets boxes that are turned already", arguments: [DatasetFormat.yolo, .recordio, .coco])
    func converted(format: DatasetFormat) throws {
        let picture = try turnedJPEG(Image(width: 4, height: 2, filledWith: [9, 9, 9]), orientation: 6)
        let images = SampleImages(boxes: [(0, 1, 0, 2, 1)], on: .encoded(picture), stated: PixelSize(width: 4, height: 2))
        let folder = try TemporaryFolder()
        try images.write(as: format, to: LocalStore(folder.path), name: "train", resume: false)
        var channel = DetectionChannel(folder.path)
        channel.classCount = 1
        let record = try channel.openDataset().record(at: 0)
        let shape = PictureShape(try ImageHeader(of: record.payload.encodedBytes()))
        let box = try #require(record.boxes(in: shape).first)
        for (found, expected) in zip([box.left * 2, box.top * 4, box.right * 2, box.bottom * 4], [1.0, 1, 2, 2]) {
            #expect(abs(found - expected) < 1e-4)
        }
    }

    @Test("The check accepts both ways, and notes a turn that no size shows")
    func check() throws {
        func found(_ orientation: UInt8, _ size: PixelSize) throws -> [String] {
            let picture = try turnedJPEG(Image(width: 40, height: 20, filledWith: [9, 9, 9]), orientation: orientation)
            return try report(SampleImages(boxes: [(0, 1, 1, 9, 9)], on: .encoded(picture), stated: size)).faults.map(\.kind.rawValue)
        }
        let (stored, upright) = (PixelSize(width: 40, height: 20), PixelSize(width: 20, height: 40))
        #expect(try found(6, stored).isEmpty && found(6, upright).isEmpty && found(1, stored).isEmpty)
        #expect(try found(1, upright) == ["wrong-image-size"])
        #expect(try found(3, stored) == ["turned-picture"])
    }
}
