import Datasets
import Imaging
import Storage
import Testing

@Suite("Pictures with masks")
struct MaskImagesTests {
    private let jpeg: [UInt8]

    init() throws { jpeg = try Image(width: 4, height: 2, filledWith: [9, 9, 9]).encodedJPEG() }

    /// A bucket in SageMaker's layout.
    private func bucket(_ extra: [String: [UInt8]] = [:]) -> BucketInMemory {
        let base = [
            "train/a.jpg": jpeg, "train/sub/b.jpeg": jpeg, "train_annotation/a.png": greyMask(width: 4, height: 2, value: 6),
            "train_annotation/sub/b.png": greyMask(width: 4, height: 2, value: 255),
        ]
        return BucketInMemory(base.merging(extra) { $1 })
    }

    @Test("Pictures and masks are paired by base name, sub-folders included, and nothing but names is read")
    func pairs() throws {
        let bucket = bucket()
        let data = try MaskImages(ChannelFiles(bucket), channel: "train")
        #expect(data.count == 2 && data.task == .segmentation && data.warnings.isEmpty && data.classNames == nil)
        let record = try data.record(at: 1)
        #expect(record.name == "sub/b.jpeg" && record.place == "s3://bucket/data/train_annotation/sub/b.png")
        #expect(bucket.reads.isEmpty)
        #expect(try record.decodedMask(labelMap: data.labelMap).classIDs == [UInt8](repeating: 255, count: 8))
        #expect(bucket.reads == ["train_annotation/sub/b.png", "train/sub/b.jpeg"])
    }

    @Test("A folder of this machine is read as a bucket is, from two channels or their parent")
    func local() throws {
        let folder = try TemporaryFolder()
        for (name, bytes) in bucket(["classes.txt": Array("x\ny\n".utf8)]).objects { try folder.write(bytes, to: name) }
        let parent = try MaskImages(ChannelFiles(LocalStore(folder.path)), channel: "train")
        let channels = try MaskImages(
            images: ChannelFiles(LocalStore(folder.path + "/train")), masks: ChannelFiles(LocalStore(folder.path + "/train_annotation")))
        #expect(parent.classNames == ["x", "y"])
        for data in [parent, channels] {
            #expect(try (0..<data.count).map { try data.record(at: $0).name } == ["a.jpg", "sub/b.jpeg"])
            #expect(try data.record(at: 0).place == folder.path + "/train_annotation/a.png")
            guard case .file(let path) = try data.record(at: 0).payload else {
                Issue.record("a local picture is a file")
                return
            }
            #expect(path == folder.path + "/train/a.jpg")
        }
    }

    @Test("The label map of the channel's half is found beside it")
    func labelMap() throws {
        let bucket = bucket(["label_map/train_label_map.json": Array(#"{"scale": "3"}"#.utf8)])
        let data = try MaskImages(ChannelFiles(bucket), channel: "train")
        #expect(try data.record(at: 0).decodedMask(labelMap: data.labelMap).classIDs == [UInt8](repeating: 2, count: 8))
        #expect(try MaskImages(ChannelFiles(bucket), channel: "train", labelMap: .identity).labelMap == .identity)
    }

    @Test("A picture without a mask is an error of its record; a mask without a picture, a shared one and stray files are warned about")
    func unpaired() throws {
        let bucket = bucket([
            "train/c.jpg": jpeg, "train/a.png": jpeg, "train/notes.txt": [1], "train_annotation/z.png": greyMask(width: 1, height: 1),
            "train_annotation/a.jpg": jpeg,
        ])
        let data = try MaskImages(ChannelFiles(bucket), channel: "train")
        #expect((0..<data.count).compactMap { try? data.record(at: $0).name } == ["a.jpg", "a.png", "sub/b.jpeg"])
        #expect(
            message { _ = try data.record(at: 2) }
                == "s3://bucket/data/train/c.jpg: the picture has no mask; "
                + "add a PNG of the same base name to the masks, or remove the picture")
        let warnings = data.warnings.joined(separator: "\n")
        #expect(data.warnings.count == 4)
        #expect(warnings.contains("1 pictures have no mask of the same base name, the first is train/c.jpg"))
        #expect(warnings.contains("2 masks have no picture"))
        #expect(warnings.contains("1 pictures share their base name, and so the mask, with another one, the first is train/a.png"))
        #expect(warnings.contains("1 files that are no JPEG or PNG were left out, the first is train/notes.txt"))
        // The PNG beats the preview of the same name.
        #expect(try data.record(at: 0).place.hasSuffix("/a.png"))
        #expect(message { _ = try data.record(at: 9) }.contains("there is no record 9"))
        #expect(message { _ = try data.annotation(at: -1) }.contains("there is no record -1"))
    }

    @Test("Channels that don't belong together are refused with a name of each")
    func strangers() throws {
        let (images, masks) = (BucketInMemory(["x.jpg": jpeg]), BucketInMemory(["y.png": greyMask(width: 1, height: 1)]))
        let text = message { _ = try MaskImages(images: ChannelFiles(images), masks: ChannelFiles(masks)) }
        #expect(text.contains("none of its 1 pictures, the first 'x.jpg' has one of the 1 masks, the first 'y.png'"))
    }

    @Test("A mask of another size than its picture, of 16 bits or of no picture at all is found when it is decoded")
    func faults() throws {
        let bucket = bucket([
            "train/c.jpg": jpeg, "train_annotation/a.png": greyMask(width: 2, height: 4),
            "train_annotation/sub/b.png": maskPNG(width: 4, height: 2, depth: 16, colourType: 0, rows: [[], []]),
            "train_annotation/c.png": greyMask(width: 4, height: 2), "train/d.jpg": [1, 2, 3],
            "train_annotation/d.png": greyMask(width: 4, height: 2),
        ])
        let data = try MaskImages(ChannelFiles(bucket), channel: "train")
        let found = (0..<data.count).map { index in message { _ = try data.record(at: index).decodedMask() } }
        #expect(
            found[0] == "s3://bucket/data/train_annotation/a.png: the mask has 2×4 pixels, its picture 'a.jpg' 4×2; "
                + "make the mask again from this picture")
        #expect(found[1] == "no error")
        #expect(found[2].hasPrefix("d.jpg: Neither JPEG nor PNG"))
        #expect(found[3].contains("16 bits a pixel"))
        let known = message { _ = try data.record(at: 1).decodedMask(picture: PictureShape(size: PixelSize(width: 5, height: 5))) }
        #expect(known.contains("its picture 'c.jpg' 5×5"))
    }

    @Test("Pascal VOC's folders and lists are read")
    func pascalVOC() throws {
        let mask = try Mask(size: PixelSize(width: 4, height: 2), classIDs: [0, 1, 20, 255, 0, 0, 0, 0]).encodedPNG()
        let bucket = BucketInMemory([
            "JPEGImages/2007_1.jpg": jpeg, "JPEGImages/2007_2.jpg": jpeg, "JPEGImages/2007_3.jpg": jpeg,
            "SegmentationClass/2007_1.png": mask,
            "SegmentationClass/2007_3.png": mask, "ImageSets/Segmentation/train.txt": Array("2007_3\r\n2007_1\n\n2007_2\n".utf8),
        ])
        let data = try MaskImages(pascalVOC: ChannelFiles(bucket), set: "train")
        #expect(try data.record(at: 0).name == "2007_3.jpg")
        #expect(try data.record(at: 1).decodedMask().classIDs.prefix(4) == [0, 1, 20, 255])
        #expect(message { _ = try data.record(at: 2) }.contains("2007_2.jpg: the picture has no mask"))
        let other = message { _ = try MaskImages(pascalVOC: ChannelFiles(bucket), set: "val") }
        #expect(other.contains("there is no such list; choose one of train.txt"))
    }

    // Skipped without the real data.
    @Test("CamVid's pairs are complete", .enabled(if: SharedData.holds("camvid/train")))
    func camvid() throws {
        let data = try MaskImages(ChannelFiles(LocalStore(SharedData.path("camvid"))), channel: "validation")
        #expect(data.count == 101 && data.warnings.isEmpty)
        for index in 0..<data.count { _ = try data.record(at: index).decodedMask() }
    }
}
