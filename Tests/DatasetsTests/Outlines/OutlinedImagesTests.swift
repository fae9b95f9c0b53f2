import Foundation
import Imaging
import Storage
import Testing

@testable import Datasets

@Suite("Segmentation from outlines in COCO and YOLO files")
struct OutlinedImagesTests {
    private static func picture(_ width: Int, _ height: Int) throws -> [UInt8] {
        try Image(width: width, height: height, filledWith: [1, 2, 3]).encodedPNG()
    }

    private static func coco(_ annotations: String, categories: String = #"{"id": 9, "name": "dog"}, {"id": 4, "name": "cat"}"#) throws
        -> BucketInMemory
    {
        let text =
            #"{"images": [{"id": 1, "file_name": "a.png", "width": 8, "height": 6}, {"id": 2, "file_name": "b.png", "width": 4, "height": 4}], "#
            + #""annotations": [\#(annotations)], "categories": [\#(categories)]}"#
        return try BucketInMemory(["instances.json": Array(text.utf8), "a.png": picture(8, 6), "b.png": picture(4, 4)])
    }

    private static let two = """
        {"id": 1, "image_id": 1, "category_id": 9, "bbox": [1, 1, 4, 3], "segmentation": [[1, 1, 5, 1, 5, 4, 1, 4]]},
        {"id": 2, "image_id": 1, "category_id": 4, "iscrowd": 1, "segmentation": {"size": [6, 8], "counts": [42, 6]}}
        """

    @Test("Classes are the background and the categories by their ids; a picture without objects is all background")
    func coco() throws {
        let images = try COCOMasks("instances.json", in: Self.coco(Self.two))
        #expect(images.task == .segmentation && images.classNames == ["background", "cat", "dog"] && images.count == 2)
        let dataset = try SegmentationDataset(images)
        #expect(dataset.classNames.count == 3)
        let mask = try dataset.record(at: 0).decodedMask()
        #expect(mask.size == PixelSize(width: 8, height: 6))
        for y in 0..<6 {
            for x in 0..<8 {
                let expected: UInt8 = x == 7 ? 1 : (1..<5).contains(x) && (1..<4).contains(y) ? 2 : 0
                #expect(mask.classIDs[y * 8 + x] == expected)
            }
        }
        #expect(try dataset.record(at: 1).decodedMask().classIDs == [UInt8](repeating: 0, count: 16))
        // The same file is boxes for detection.
        let bucket = try Self.coco(Self.two)
        #expect(throws: DatasetError.self) { try COCOImages("instances.json", in: bucket).record(at: 0) }
    }

    @Test("A catalogue that begins with the background has it once")
    func background() throws {
        let bucket = try Self.coco(
            Self.two, categories: #"{"id": 0, "name": "Background"}, {"id": 9, "name": "dog"}, {"id": 4, "name": "cat"}"#)
        let images = try COCOMasks("instances.json", in: bucket)
        #expect(images.classNames == ["Background", "cat", "dog"])
        #expect(try SegmentationDataset(images).record(at: 0).decodedMask().classIDs[7] == 1)
    }

    @Test("An object without outline is named before training, and leaves other records alone")
    func missing() throws {
        let bucket = try Self.coco(Self.two + #", {"id": 3, "image_id": 2, "category_id": 9, "bbox": [0, 0, 2, 2]}"#)
        let images = try COCOMasks("instances.json", in: bucket)
        let error = #expect(throws: DatasetError.self) { try SegmentationDataset(images, requiresAll: true) }
        #expect(error?.description.contains("picture 'b.png', annotations[2]: it has no outline") == true, "\(String(describing: error))")
        _ = try images.record(at: 0)
        // Where some may be left out, they are met one by one.
        _ = try SegmentationDataset(images)
        for nothing in ["[]", "null", " [ ] "] {
            let bucket = try Self.coco(#"{"id": 1, "image_id": 1, "category_id": 9, "segmentation": \#(nothing)}"#)
            #expect(throws: DatasetError.self) { try COCOMasks("instances.json", in: bucket).requireOutlines() }
        }
        let broken = try COCOMasks(
            "instances.json", in: Self.coco(#"{"id": 1, "image_id": 1, "category_id": 9, "segmentation": [[1, 2, 3]]}"#))
        let fault = #expect(throws: DatasetError.self) { try broken.record(at: 0) }
        #expect(fault?.description.contains("annotations[0]") == true && fault?.description.contains("3 numbers") == true)
        let unknown = try COCOMasks(
            "instances.json", in: Self.coco(#"{"id": 1, "image_id": 1, "category_id": 5, "segmentation": [[1, 1, 5, 1, 5, 4]]}"#))
        #expect(throws: DatasetError.self) { try unknown.record(at: 0) }
    }

    @Test("Another catalogue than the model's is refused, and a part of two corners is nothing")
    func catalogue() throws {
        #expect(throws: DatasetError.self) {
            try COCOMasks("instances.json", in: Self.coco(Self.two), classNames: ["background", "cat", "bird", "horse"])
        }
        let same = try COCOMasks("instances.json", in: Self.coco(Self.two), classNames: ["background", "cat", "dog", "horse"])
        #expect(same.classNames?.count == 4)
        let thin = Self.two.replacing("[[1, 1, 5, 1, 5, 4, 1, 4]]", with: "[[1, 1, 5, 1, 5, 4, 1, 4], [2, 2, 3, 3]]")
        let (a, b) = (try COCOMasks("instances.json", in: Self.coco(thin)), try COCOMasks("instances.json", in: Self.coco(Self.two)))
        #expect(
            try SegmentationDataset(a).record(at: 0).decodedMask() == SegmentationDataset(b).record(at: 0).decodedMask())
    }

    @Test("A file that states another size than its picture's is found where the mask is read")
    func size() throws {
        let bucket = try Self.coco(Self.two)
        bucket.put(try Self.picture(16, 12), as: "a.png")
        let error = #expect(throws: DatasetError.self) {
            try SegmentationDataset(COCOMasks("instances.json", in: bucket)).record(at: 0).decodedMask()
        }
        #expect(error?.description.contains("8×6") == true && error?.description.contains("16×12") == true)
    }

    @Test("A channel of annotations may hold a COCO file, which is masks for segmentation and boxes for detection")
    func channel() throws {
        let folder = NSTemporaryDirectory() + "outlines-\(UUID().uuidString)"
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let boxes = #"{"id": 1, "image_id": 1, "category_id": 9, "bbox": [1, 1, 4, 3], "segmentation": [[1, 1, 5, 1, 5, 4, 1, 4]]}"#
        for (name, bytes) in try Self.coco(boxes).objects {
            try LocalStore(folder).write(bytes, to: (name.hasSuffix(".json") ? "train_annotation/" : "train/") + name)
        }
        for task in [VisionTask.segmentation, .detection] {
            var channel = AnnotatedChannel(folder + "/train")
            (channel.annotations, channel.task) = (folder + "/train_annotation", task)
            let images = try channel.open()
            #expect(images.task == task && images.count == 2)
            _ = try images.record(at: 0)
        }
        // Pictures that are named and not there: an error where none may be left out.
        try FileManager.default.removeItem(atPath: folder + "/train/b.png")
        var channel = SegmentationChannel(folder + "/train")
        channel.annotations = folder + "/train_annotation"
        #expect(try channel.openDataset().count == 2)
        channel.requiresAll = true
        #expect(throws: DatasetError.self) { try channel.openDataset() }
    }

    @Test("YOLO's outlines give the same mask as COCO's; a box among them is refused")
    func yolo() throws {
        let text = "1 0.125 0.16667 0.625 0.16667 0.625 0.66667 0.125 0.66667\n0 0.875 0 1 0 1 1 0.875 1\n"
        func files(_ text: String) throws -> ChannelFiles {
            try ChannelFiles(
                BucketInMemory([
                    "data.yaml": Array("train: images/train\nnames: [cat, dog]\n".utf8), "images/train/a.png": Self.picture(8, 6),
                    "images/train/b.png": Self.picture(4, 4), "labels/train/a.txt": Array(text.utf8),
                ]))
        }
        let images = try YOLOMasks(files(text), set: "train")
        let dataset = try SegmentationDataset(images)
        #expect(dataset.classNames == ["background", "cat", "dog"])
        let coco = try SegmentationDataset(COCOMasks("instances.json", in: Self.coco(Self.two)))
        for index in 0..<2 { #expect(try dataset.record(at: index).decodedMask() == coco.record(at: index).decodedMask()) }
        let boxes = try YOLOMasks(files(text + "0 0.5 0.5 0.1 0.1\n"), set: "train")
        let error = #expect(throws: DatasetError.self) { try boxes.record(at: 0) }
        #expect(error?.description.contains("a.txt:3") == true && error?.description.contains("outlines") == true)
        #expect(throws: DatasetError.self) { try YOLOMasks(files("254 0 0 1 0 1 1\n"), set: "train").record(at: 0) }
    }
}
