import Storage
import Testing

@testable import Datasets

@Suite("SageMaker's JSON boxes")
struct BoxFileTests {
    // The example of the developer guide.
    private let guide = """
        {"file": "your_dir/sample_image1.jpg",
         "image_size": [{"width": 500, "height": 400, "depth": 3}],
         "annotations": [{"class_id": 0, "left": 111, "top": 134, "width": 61, "height": 128},
                         {"class_id": 0, "left": 161, "top": 250, "width": 79, "height": 143},
                         {"class_id": 1, "left": 101, "top": 185, "width": 42, "height": 130}],
         "categories": [{"class_id": 0, "name": "dog"}, {"class_id": 1, "name": "cat"}]}
        """

    private func json(_ fields: String) -> String {
        #"{"file": "a.jpg", "image_size": [{"width": 10, "height": 10, "depth": 3}], \#(fields)}"#
    }

    @Test("The guide's example, paired by base name or by what the file says, in one folder or in two channels")
    func reads() throws {
        let whole = BucketInMemory(
            texts: ["train_annotation/sample_image1.json": guide], pictures: ["train/your_dir/sample_image1.jpg": picture("s")])
        let images = BucketInMemory(["your_dir/sample_image1.jpg": picture("s")])
        let annotations = BucketInMemory(texts: ["your_dir/sample_image1.json": guide])
        let forms = [
            try AnnotatedChannel.opening(whole), try BoxFiles(images: ChannelFiles(images), annotations: ChannelFiles(annotations)),
        ]
        for form in forms {
            #expect(form.count == 1 && form.classNames == ["dog", "cat"])
            let record = try form.record(at: 0)
            #expect(record.name == "your_dir/sample_image1.jpg" && record.statedSize == PixelSize(width: 500, height: 400))
            #expect(try record.payload.encodedBytes() == picture("s"))
            #expect(
                close(
                    try form.pixels(0, width: 500, height: 400),
                    [[0, 111, 134, 172, 262], [0, 161, 250, 240, 393], [1, 101, 185, 143, 315]]))
        }
    }

    @Test("Categories with numbers of another list name nothing, and that is said")
    func foreignCategories() throws {
        let bucket = BucketInMemory(
            texts: [
                "train_annotation/a.json": json(
                    #""annotations": [{"class_id": 0, "left": 1, "top": 1, "width": 2, "height": 2}], "categories": [{"class_id": 17, "name": "cat"}]"#
                )
            ], pictures: ["train/a.jpg": picture("a")])
        let images = try BoxFiles(ChannelFiles(bucket), channel: "train")
        #expect(images.classNames == nil)
        #expect(images.warnings.contains { $0.contains("class 0, which no categories name") })
    }

    @Test("A picture without a file, a file without a picture and a broken file are told apart; the others are read")
    func partners() throws {
        let good = json(#""annotations": []"#)
        let bucket = BucketInMemory(
            texts: ["train_annotation/a.json": good, "train_annotation/c.json": "{", "train_annotation/stray.json": good],
            pictures: ["train/a.jpg": picture("a"), "train/b.jpg": picture("b"), "train/c.jpg": picture("c")])
        let images = try BoxFiles(ChannelFiles(bucket), channel: "train")
        #expect(images.count == 3)
        #expect(try images.pixels(0, width: 1, height: 1).isEmpty)
        #expect(message { _ = try images.record(at: 1) }.contains("train/b.jpg: the picture has no annotation"))
        #expect(message { _ = try images.record(at: 2) }.contains("train_annotation/c.json: byte 2"))
        #expect(images.warnings.contains { $0.contains("stray.json") })
    }

    @Test("What is written is read back; a second picture of the same base name gets a file of its own")
    func roundTrip() throws {
        let bucket = BucketInMemory()
        let writer = try BoxFileWriter(bucket, classNames: ["a", "b"])
        for (number, name) in ["x/1.png", "x/1.jpg"].enumerated() {
            let box = BoundingBox(classID: number, left: 0.25, top: 0, right: 1, bottom: 0.5)
            try writer.write(
                AnnotatedImage(name: name, payload: .encoded(png(8, 4, UInt8(number))), annotation: .boxes([box]), place: "made"))
        }
        try writer.finish()
        #expect(
            bucket.text("train_annotation/x/1.json")
                == #"{"file":"x/1.png","image_size":[{"width":8,"height":4,"depth":3}],"annotations":"#
                + #"[{"class_id":0,"left":2,"top":0,"width":6,"height":2}],"categories":[{"class_id":0,"name":"a"},{"class_id":1,"name":"b"}]}"#
                + "\n")
        let images = try AnnotatedChannel.opening(bucket)
        #expect(images.count == 2 && images.classNames == ["a", "b"])
        #expect(try images.record(at: 1).name == "x/1_2.png")
        #expect(close(try images.pixels(1, width: 8, height: 4), [[1, 2, 0, 8, 2]]))
        let bad = BoundingBox(classID: 2, left: 0, top: 0, right: 1, bottom: 1)
        let error = message {
            try writer.write(AnnotatedImage(name: "q", payload: .encoded(png(2, 2)), annotation: .boxes([bad]), place: "made"))
        }
        #expect(error.contains("class 2, which is not in 0…1"))
    }
}
