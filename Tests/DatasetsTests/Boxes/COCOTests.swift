import Storage
import Testing

@testable import Datasets

@Suite("COCO")
struct COCOTests {
    // Picture 397133 of val2017 with two of its objects, as published; outlines shortened.
    private let published = """
        {"info": {"description": "COCO 2017 Dataset"}, "licenses": [{"id": 1}],
         "images": [{"license": 4, "file_name": "000000397133.jpg", "height": 427, "width": 640, "id": 397133}],
         "annotations": [
          {"segmentation": [[224.24, 297.18, 228.29, 297.18]], "area": 1481.38, "iscrowd": 0, "image_id": 397133,
           "bbox": [217.62, 240.54, 38.99, 57.75], "category_id": 44, "id": 82445},
          {"segmentation": {"counts": [1, 2], "size": [427, 640]}, "area": 17376.9, "iscrowd": 1, "image_id": 397133,
           "bbox": [388.66, 69.92, 109.41, 277.62], "category_id": 1, "id": 200887},
          {"image_id": 5, "bbox": [0, 0, 1, 1], "category_id": 1, "id": 3}],
         "categories": [{"supercategory": "kitchen", "id": 44, "name": "bottle"}, {"supercategory": "person", "id": 1, "name": "person"}]}
        """

    @Test("A published picture: boxes in pixels, classes in the order of ids, crowds kept, stray boxes counted")
    func reads() throws {
        let bucket = BucketInMemory(
            texts: ["annotations/instances_val2017.json": published], pictures: ["val2017/000000397133.jpg": picture("x")])
        let images = try COCOImages("annotations/instances_val2017.json", in: bucket)
        #expect(images.count == 1 && images.classNames == ["person", "bottle"])
        #expect(images.warnings.count == 1 && images.warnings[0].contains("1 annotations belong to no picture"))
        let record = try images.record(at: 0)
        #expect(record.name == "000000397133.jpg" && record.statedSize == PixelSize(width: 640, height: 427))
        #expect(try record.payload.encodedBytes() == picture("x"))
        #expect(
            close(
                try images.pixels(0, width: 640, height: 427),
                [[1, 217.62, 240.54, 256.61, 298.29], [0, 388.66, 69.92, 498.07, 347.54]]))
        guard case .boxes(let boxes) = record.annotation else { return }
        #expect(boxes.map(\.isCrowd) == [false, true])
    }

    @Test("What is written is read back to the hundredth of a pixel, and numbers stay as they were written")
    func roundTrip() throws {
        let bucket = BucketInMemory(
            texts: ["annotations/instances_val2017.json": published], pictures: ["val2017/000000397133.jpg": picture("x")])
        let images = try COCOImages("annotations/instances_val2017.json", in: bucket)
        let written = BucketInMemory()
        try images.write(as: .coco, to: written, name: "train", resume: false)
        let text = written.text("annotations/instances_train.json")
        #expect(text.contains("\"bbox\":[217.62,240.54,38.99,57.75],\"area\":2251.6725"))
        #expect(text.contains("\"bbox\":[388.66,69.92,109.41,277.62]") && text.contains("\"iscrowd\":1"))
        let again = try COCOImages("annotations/instances_train.json", in: written)
        #expect(again.classNames == images.classNames)
        #expect(try contents(again) == contents(images))
        #expect(throws: DatasetError.self) { try images.write(as: .coco, to: written, name: "train", resume: false) }
    }

    @Test("A crowd is left out where a format can't tell it from an object, and what was lost is said")
    func crowds() throws {
        let bucket = BucketInMemory(
            texts: ["annotations/instances_val2017.json": published], pictures: ["val2017/000000397133.jpg": picture("x")])
        let images = try COCOImages("annotations/instances_val2017.json", in: bucket)
        for format in [DatasetFormat.boxes, .yolo, .manifest, .recordio] {
            let written = BucketInMemory()
            let notes = try images.write(as: format, to: written, name: "train", resume: false)
            #expect(notes == ["1 crowd was left out: \(format.rawValue) can't tell it from an object"])
            guard format != .recordio else { continue }
            let annotation = try AnnotatedChannel.opening(written).annotation(at: 0)
            if case .boxes(let boxes) = annotation { #expect(boxes.map(\.classID) == [1]) } else { Issue.record("no boxes") }
        }
        #expect(try images.write(as: .coco, to: BucketInMemory(), name: "train", resume: false).isEmpty)
        #expect(try images.write(as: .voc, to: BucketInMemory(), name: "train", resume: false).isEmpty)
    }

    @Test("num_classes may be less or more than the categories, in both halves and the check alike", arguments: [1, 3])
    func catalogue(count: Int) throws {
        let folder = try TemporaryFolder()
        for half in ["train", "validation"] {
            try folder.write(png(8, 8, UInt8(half.utf8.count)), to: "\(half)/a.png")
            let box = #"{"id": 1, "image_id": 0, "category_id": 5, "bbox": [1, 1, 4, 4]}"#
            let names = #"[{"id": 5, "name": "cat"}, {"id": 7, "name": "dog"}]"#
            let image = #"{"file_name": "a.png", "height": 8, "width": 8, "id": 0}"#
            try folder.write(
                #"{"images": [\#(image)], "annotations": [\#(box)], "categories": \#(names)}"#, to: "annotations/instances_\(half).json")
        }
        var channel = DetectionChannel(folder.path)
        channel.classCount = count
        let train = try channel.openDataset()
        #expect(train.classNames == (count == 1 ? ["cat"] : ["cat", "dog", "2"]))
        (channel.channel, channel.classNames) = ("validation", train.classNames)
        #expect(try channel.openDataset().classNames == train.classNames)
        var settings = DataCheck.Settings()
        settings.classCount = count
        var check = DataCheck(settings)
        for half in ["train", "validation"] {
            try check.check(half, at: half) { known in
                var channel = AnnotatedChannel(folder.path)
                (channel.task, channel.channel) = (.detection, half)
                return try CheckedChannel(channel).open(known)
            }
        }
        #expect(check.report().count(.error) == 0)
        channel.classNames = ["horse", "dog", "2"]
        channel.classCount = nil
        #expect(throws: DatasetError.self) { try channel.openDataset() }
    }

    @Test("Pictures that the file names and that are not there are found as a data set opens, unless they may be left out")
    func missing() throws {
        let folder = try TemporaryFolder()
        let names = ["a.png", "b.png", "c.png"]
        try folder.write(png(8, 8), to: "train/b.png")
        let listed = names.enumerated().map { #"{"file_name": "\#($1)", "height": 8, "width": 8, "id": \#($0)}"# }.joined(separator: ",")
        try folder.write(#"{"images": [\#(listed)], "annotations": [], "categories": [{"id": 1, "name": "x"}]}"#, to: "coco.json")
        var channel = DetectionChannel(folder.path + "/train")
        channel.annotations = folder.path + "/coco.json"
        #expect(try channel.openDataset().count == 3)
        channel.requiresPictures = true
        let text = message { _ = try channel.openDataset() }
        #expect(text.contains("2 of the 3 pictures that it names are not there, the first is \(folder.path)/train/a.png"))
    }

    @Test(
        "Broken boxes are errors of their picture that name the annotation",
        arguments: [
            (#""bbox": [1, 2, 3], "category_id": 1"#, "bbox is [1, 2, 3], not four numbers"),
            (#""category_id": 1"#, "bbox is missing"), (#""bbox": [1, 2, 3, 4]"#, "category_id is missing"),
            (#""bbox": [1, 2, 3, 4], "category_id": 9"#, "category 9 is none"),
            (#""bbox": [1e308, 2, 1e308, 4], "category_id": 1"#, "beyond all numbers"),
        ])
    func brokenBoxes(fields: String, problem: String) throws {
        let text = """
            {"images": [{"id": "a", "file_name": "a.png"}, {"id": 7, "file_name": "b.png", "width": 4, "height": 2}],
             "annotations": [{"image_id": "7", "bbox": [1, 1, 2, 1], "category_id": 1}, {"image_id": "a", \(fields)}],
             "categories": [{"id": 1, "name": "thing"}]}
            """
        let bucket = BucketInMemory(texts: ["c.json": text], pictures: ["a.png": try png(8, 4), "b.png": try png(4, 2)])
        let images = try COCOImages("c.json", in: bucket)
        let error = message { _ = try images.record(at: 0) }
        #expect(error.contains("annotations[1]") && error.contains(problem), "\(error)")
        #expect(close(try images.pixels(1, width: 4, height: 2), [[0, 1, 1, 3, 2]]))
    }

    @Test(
        "A text that is no COCO file for detection is refused with what it lacks",
        arguments: [
            ("[]", "'{' should stand"), (#"{"images": []}"#, "no 'annotations'"),
            (#"{"images": [], "annotations": []}"#, "names no pictures"),
            (#"{"images": [{"id": 1}], "annotations": []}"#, "images[0]: picture 1 has no file_name"),
            (#"{"images": [{"id": 1, "file_name": "a"}, {"id": 1, "file_name": "b"}], "annotations": []}"#, "another picture has the id 1"),
            (#"{"images": [{"id": 1, "file_name": "a"}], "annotations": [{]}"#, "byte"),
            (#"{"images": [{"id": 1, "file_name": "no.jpg"}], "annotations": []}"#, "first picture 'no.jpg' is in none"),
            (
                #"{"images": [{"id": 1, "file_name": "a"}], "annotations": [], "categories": [{"id": 1, "name": "x"}, {"id": 2, "name": "x"}]}"#,
                "both called 'x'"
            ),
        ])
    func refused(text: String, problem: String) {
        let bucket = BucketInMemory(texts: ["c.json": text])
        let error = message { _ = try COCOImages("c.json", in: bucket) }
        #expect(error.contains("c.json") && error.contains(problem), "\(error)")
    }
}
