import Datasets
import Imaging
import Storage
import Testing

@Suite("Writing masks")
struct MaskWriterTests {
    private func record(_ name: String, _ mask: [UInt8], picture content: String? = nil) -> AnnotatedImage {
        AnnotatedImage(name: name, payload: .encoded(picture(content ?? name)), annotation: .mask(.encoded(mask)), place: "source/\(name)")
    }

    private let palette = maskPNG(width: 4, height: 1, depth: 4, colourType: 3, rows: [[0x01, 0x23]], colours: 4)

    @Test("Pictures and masks are copied byte by byte and read back")
    func roundTrip() throws {
        let bucket = BucketInMemory()
        let writer = try MaskWriter(bucket, channel: "validation", classNames: ["sky", "a road"])
        try writer.write(record("x/a.jpg", palette))
        try writer.write(record("b.jpg", greyMask(width: 3, height: 3)))
        try writer.finish()
        #expect(bucket.objects["validation_annotation/x/a.png"] == palette)
        #expect(bucket.objects["validation/x/a.jpg"] == picture("x/a.jpg"))
        let data = try MaskImages(ChannelFiles(bucket), channel: "validation")
        #expect(data.classNames == ["sky", "a road"] && data.warnings.isEmpty)
        #expect(try (0..<2).map { try data.record(at: $0).name } == ["b.jpg", "x/a.jpg"])
    }

    @Test("A label map is applied, in colours or grey, and what is written needs none")
    func labelMap() throws {
        let map = try LabelMap(valueOfClass: [0: 3, 1: 0, 7: 1])
        for colours in [Palette.pascalVOC, nil] {
            let bucket = BucketInMemory()
            let writer = try MaskWriter(bucket, labelMap: map, palette: colours)
            try writer.write(record("a.jpg", palette))
            let mask = try Mask.decode(bucket.objects["train_annotation/a.png"] ?? [])
            #expect(mask.classIDs == [1, 7, 255, 0])
        }
    }

    @Test("Pictures that would share a mask, or lead out of the folder, get names of their own")
    func names() throws {
        let bucket = BucketInMemory()
        let writer = try MaskWriter(bucket)
        for name in ["a.jpg", "a.png", "../../a.jpg", "/a.jpeg"] { try writer.write(record(name, palette, picture: "")) }
        #expect(
            bucket.objects.keys.filter { $0.hasPrefix("train/") }.sorted()
                == ["a.jpg", "a_2.jpg", "a_3.jpg", "a_4.jpeg"].map { "train/" + $0 })
        #expect(bucket.objects.keys.filter { $0.hasPrefix("train_annotation/") }.count == 4)
    }

    @Test("What is no mask is refused with its place")
    func refused() throws {
        let bucket = BucketInMemory()
        let writer = try MaskWriter(bucket)
        #expect(message { try writer.write(record("a.jpg", picture("x"))) }.hasPrefix("source/a.jpg: "))
        let label = AnnotatedImage(name: "a", payload: .encoded([]), annotation: .label(.single(0)), place: "a.lst:1")
        #expect(message { try writer.write(label) }.hasPrefix("a.lst:1: it has no mask"))
        #expect(bucket.objects.isEmpty)
    }

    @Test("What is there is not overwritten; a resumed run writes only what is missing or has another size")
    func resume() throws {
        let folder = try TemporaryFolder()
        let records = ["a.jpg", "a.png", "b.jpg"].map { record($0, palette) }
        func write(_ store: any ObjectStore, resume: Bool) throws {
            let writer = try MaskWriter(store, classNames: ["x", "y"], resume: resume)
            for record in records { try writer.write(record) }
            try writer.finish()
        }
        let store = LocalStore(folder.path + "/new")
        try write(store, resume: false)
        #expect(message { try write(store, resume: false) }.contains("'train/a.jpg' is there already; write to another place, or resume"))

        let bucket = BucketInMemory()
        try write(bucket, resume: false)
        let whole = bucket.objects
        try bucket.remove("train_annotation/a_2.png")
        bucket.put([1], as: "train/b.jpg")
        let before = bucket.writes.count
        try write(bucket, resume: true)
        #expect(bucket.objects == whole)
        #expect(bucket.writes.dropFirst(before) == ["train_annotation/a_2.png", "train/b.jpg"])
        let local = try store.list().map(\.name)
        #expect(local == whole.keys.sorted())
    }
}
