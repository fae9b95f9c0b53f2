import Foundation
import Imaging
import Storage
import Testing

@testable import Datasets

@Suite("Writing augmented manifests")
struct ManifestWriterTests {
    private let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    private func write(
        _ images: [AnnotatedImage], _ task: VisionTask, classNames: [String]? = nil, to name: String = "train.manifest",
        _ change: (inout ManifestWriter.Options) -> Void = { _ in }
    ) throws {
        var options = ManifestWriter.Options()
        change(&options)
        let writer = try ManifestWriter(name, in: folder.store, task: task, classNames: classNames, options: options)
        for image in images { try writer.write(image) }
        try writer.finish()
    }

    private func read(_ task: VisionTask, format: AugmentedManifest.LabelFormat = .multiHot, from name: String = "train.manifest") throws
        -> ManifestImages
    {
        let manifest = try AugmentedManifest.inferred(from: name, in: folder.store, task: task, labelFormat: format)
        return try ManifestImages(name, in: folder.store, as: manifest, opening: folder.buckets)
    }

    private func image(_ name: String, _ annotation: Annotation, _ value: UInt8 = 0) throws -> AnnotatedImage {
        AnnotatedImage(name: name, payload: .encoded(try picture(40, 30, value)), annotation: annotation, place: "test")
    }

    private func lines(_ name: String = "train.manifest") throws -> [String] {
        try String(contentsOfFile: folder.path + "/" + name, encoding: .utf8).split(separator: "\n").map(String.init)
    }

    @Test("Classes: lines as Ground Truth writes them, names survive, pictures lie beside the manifest")
    func classification() throws {
        let names = ["do\"g", "cat", "bird"]
        try write(
            try [image("x/b", .label(.single(1)), 1), image("/../a.jpeg", .label(.single(0)), 2)], .classification, classNames: names)
        #expect(
            try lines() == [
                #"{"source-ref":"train/x/b.png","class":"1","class-metadata":{"class-name":"cat","class-map":{"0":"do\"g","1":"cat","2":"bird"},"type":"groundtruth/image-classification"}}"#,
                #"{"source-ref":"train/a.png","class":"0","class-metadata":{"class-name":"do\"g","type":"groundtruth/image-classification"}}"#,
            ])
        let data = try read(.classification)
        #expect(data.classNames == names)
        #expect(try data.all().map(\.label) == [.single(1), .single(0)])
        #expect(try data.record(at: 1).payload.encodedBytes() == picture(40, 30, 2))
        for line in try lines() { _ = try JSONSerialization.jsonObject(with: Data(line.utf8)) }
    }

    @Test("Multi-label in both forms", arguments: [AugmentedManifest.LabelFormat.multiHot, .classID])
    func multiLabel(format: AugmentedManifest.LabelFormat) throws {
        let labels: [ClassificationLabel] = [.multi([1, 0, 1]), .multi([0, 0, 0]), .multi([0, 1, 0])]
        let images = try labels.enumerated().map { try image("\($0.offset)", .label($0.element), UInt8($0.offset)) }
        try write(images, .classification, classNames: ["a", "b", "c"]) { $0.labelFormat = format }
        #expect(try lines()[0].contains(format == .classID ? #""class":[0, 2],"# : #""class":"[1, 0, 1]","#))
        let data = try read(.classification, format: format)
        #expect(try data.all().map(\.label) == labels)
        #expect(data.classNames == ["a", "b", "c"])
    }

    @Test("Boxes come back, whole pixels as whole numbers, names of classes without boxes too")
    func detection() throws {
        let boxes = [
            BoundingBox(classID: 2, left: 1.0 / 40, top: 2.0 / 30, right: 38.0 / 40, bottom: 29.0 / 30),
            BoundingBox(classID: 0, left: 1.0 / 3, top: 0.123456789, right: 0.9, bottom: 0.95),
        ]
        var stated = try image("b", .boxes([boxes[0]]), 1)
        stated.statedSize = PixelSize(width: 400, height: 300)
        try write([try image("a", .boxes(boxes)), stated, try image("c", .boxes([]), 2)], .detection, classNames: ["x", "y", "z"])
        #expect(
            try lines()[0].contains(
                #"{"image_size":[{"width":40,"height":30,"depth":3}],"annotations":[{"class_id":2,"left":1,"top":2,"width":37,"height":27},"#
            ))
        #expect(try lines()[1].contains(#""class-map":{"2":"z"}"#))
        let data = try read(.detection)
        #expect(data.classNames == ["x", "y", "z"])
        #expect(
            try data.all().map(\.statedSize) == [PixelSize(width: 40, height: 30), stated.statedSize, PixelSize(width: 40, height: 30)])
        for (found, wanted) in zip(try data.all().flatMap { $0.boxes ?? [] }, boxes + [boxes[0]]) {
            #expect(found.classID == wanted.classID)
            for (a, b) in [(found.left, wanted.left), (found.top, wanted.top), (found.right, wanted.right), (found.bottom, wanted.bottom)] {
                #expect(abs(a - b) < 1e-9)
            }
        }
        #expect(try data.record(at: 2).boxes == [])
    }

    @Test("Masks keep their classes, get the colours that the map states, and read as colours mean the same")
    func segmentation() throws {
        let mask = try Image(width: 4, height: 1, channels: 1, pixels: [0, 1, 2, 255])
        let images = try [
            image("a.jpg", .mask(.encoded(try mask.encodedPNG()))), image("b", .mask(.pixels(mask)), 1),
        ]
        try write(images, .segmentation, classNames: ["road", "car", "sky"])
        #expect(
            try lines()[0].contains(
                ##""mask-ref":"train_annotation/a.png","mask-ref-metadata":{"internal-color-map":{"0":{"class-name":"road","hex-color":"#000000"},"1":{"class-name":"car","hex-color":"#800000"}"##
            ))
        let data = try read(.segmentation)
        #expect(data.classNames == ["road", "car", "sky"])
        for index in 0..<2 {
            let bytes = try #require(try data.record(at: index).mask?.encodedBytes())
            #expect(try Image.decodingIndices(bytes) == mask)
        }
        let coloured = try ManifestImages(
            "train.manifest", in: folder.store,
            as: AugmentedManifest(task: .segmentation, attributeNames: ["source-ref", "mask-ref"], maskValues: .colours))
        guard case .pixels(let found)? = try coloured.record(at: 0).mask else {
            Issue.record("the mask is decoded")
            return
        }
        #expect(found == mask)
        // A label map is applied on the way.
        var table = LabelMap.identity.classOfValue
        (table[1], table[2]) = (0, 1)
        try write(images, .segmentation, to: "mapped.manifest") { $0.labelMap = LabelMap(unchecked: table) }
        let mapped = try #require(try read(.segmentation, from: "mapped.manifest").record(at: 0).mask?.encodedBytes())
        #expect(try Image.decodingIndices(mapped).pixels == [0, 0, 1, 255])
    }

    @Test("Pictures that are only referenced stay where they are; what is no file is copied")
    func referenced() throws {
        let path = try folder.write(try picture(8, 4), to: "pictures/a.png")
        let bucket = Bucket("b", in: folder)
        try folder.write(try picture(6, 3), to: "b/k ey.png")
        let box = Annotation.boxes([BoundingBox(classID: 0, left: 0, top: 0, right: 1, bottom: 1)])
        let images = [
            AnnotatedImage(name: "a.png", payload: .file(path), annotation: box, place: "test"),
            AnnotatedImage(name: "b.png", payload: .stored(bucket, name: "k ey.png"), annotation: box, place: "test"),
            try image("c", box),
        ]
        try write(images, .detection) { $0.pictures = .referenced }
        let data = try read(.detection)
        #expect(try data.all().map(\.payload.location) == [path, "s3://b/k ey.png", folder.path + "/train/c.png"])
        #expect(try data.all().compactMap { $0.statedSize?.width } == [8, 6, 40])
        #expect(try folder.store.list(prefix: "train/").map(\.name) == ["train/c.png"])
        #expect(data.classNames == nil)
    }

    @Test("References have the given prefix, or the bucket's")
    func prefixes() throws {
        let record = try image("a", .label(.single(0)))
        try write([record], .classification, to: "set/t.manifest") { $0.referencePrefix = "s3://other/data/" }
        #expect(try lines("set/t.manifest")[0].hasPrefix(#"{"source-ref":"s3://other/data/t/a.png","class":"0"}"#))
        let writer = try ManifestWriter("set/u", in: Bucket("b", in: folder), task: .classification)
        try writer.write(record)
        try writer.finish()
        #expect(try lines("b/set/u") == [#"{"source-ref":"s3://b/set/u_images/a.png","class":"0"}"#])
    }

    @Test("Nothing is visible before the end, and what was there stays where writing is given up")
    func atomic() throws {
        try folder.write("old", to: "train.manifest")
        var options = ManifestWriter.Options()
        options.resume = true
        var writer: ManifestWriter? = try ManifestWriter("train.manifest", in: folder.store, task: .classification, options: options)
        try writer?.write(try image("a", .label(.single(0))))
        #expect(try lines() == ["old"])
        writer = nil
        #expect(try lines() == ["old"])
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path).filter { $0.hasSuffix(".part") } == [])
    }

    @Test("Nothing that is there is overwritten: neither manifest nor pictures nor masks")
    func existing() throws {
        let mask = try Image(width: 2, height: 2, filledWith: [7]).encodedPNG()
        for name in ["train.manifest", "train/a.png", "train_annotation/a.png"] {
            let store = BucketInMemory([name: mask])
            let text = message { _ = try ManifestWriter("train.manifest", in: store, task: .segmentation) }
            #expect(text.contains("'\(name)' is there already") && store.objects == [name: mask])
        }
        // Pictures that are only referenced may be there; one that would have to be copied over another may not.
        let store = BucketInMemory(["train/a.png": mask])
        var options = ManifestWriter.Options()
        options.pictures = .referenced
        let writer = try ManifestWriter("train.manifest", in: store, task: .classification, options: options)
        let image = AnnotatedImage(name: "a.png", payload: .encoded(try png(4, 4)), annotation: .label(.single(0)), place: "made")
        #expect(message { try writer.write(image) }.contains("'train/a.png' is there already"))
        #expect(store.objects["train/a.png"] == mask)
    }

    @Test("Resuming leaves pictures of the right size alone, writes the others, and makes the same manifest")
    func resume() throws {
        let images = try (0..<3).map { try image("\($0)", .label(.single($0)), UInt8($0)) }
        try write(images, .classification)
        let wanted = try lines()
        let size = try picture(40, 30, 0).count
        let stamp = [UInt8](repeating: 7, count: size)
        try folder.write(stamp, to: "train/0.png")
        try folder.write([1, 2, 3], to: "train/1.png")
        try FileManager.default.removeItem(atPath: folder.path + "/train/2.png")
        try write(images, .classification) { $0.resume = true }
        #expect(try lines() == wanted)
        #expect(try folder.store.bytes(of: "train/0.png") == stamp)
        #expect(try folder.store.bytes(of: "train/1.png") == picture(40, 30, 1))
        #expect(try folder.store.bytes(of: "train/2.png") == picture(40, 30, 2))
    }

    @Test("Different pictures of one name get names of their own; equal ones are kept once")
    func names() throws {
        let values: [UInt8] = [1, 2, 1, 3]
        try write(try values.map { try image("same", .label(.single(Int($0))), $0) }, .classification)
        let data = try read(.classification)
        #expect(try data.all().map(\.name) == ["same.png", "same_2.png", "same.png", "same_4.png"])
        for (index, value) in values.enumerated() { #expect(try data.record(at: index).payload.encodedBytes() == picture(40, 30, value)) }
    }

    @Test("What the format can't hold is refused, and the manifest goes on without it")
    func refused() throws {
        let writer = try ManifestWriter("train.manifest", in: folder.store, task: .detection)
        func refusal(_ image: AnnotatedImage) -> String { message { try writer.write(image) } }
        #expect(
            refusal(try image("a", .label(.single(1))))
                == "test: it is labelled for classification, not detection; convert data of one task at a time")
        let infinite = BoundingBox(classID: 0, left: 0, top: 0, right: .infinity, bottom: 1)
        #expect(refusal(try image("a", .boxes([infinite]))).hasPrefix("test: an edge of box 0 is not finite"))
        #expect(
            refusal(try image("a", .boxes([BoundingBox(classID: -1, left: 0, top: 0, right: 1, bottom: 1)]))).contains("has the class -1"))
        let text = AnnotatedImage(name: "t", payload: .encoded([1, 2]), annotation: .boxes([]), place: "test")
        #expect(refusal(text).hasPrefix("test: the picture's size is not known"))
        try writer.write(try image("b", .boxes([])))
        try writer.finish()
        #expect(try lines().count == 1)
        #expect(refusal(try image("c", .boxes([]))).contains("the manifest is finished"))
        let masks = try ManifestWriter("m.manifest", in: folder.store, task: .segmentation)
        let grey = AnnotatedImage(name: "t", payload: .encoded([]), annotation: .mask(.encoded([0xFF, 0xD8, 0xFF, 0])), place: "test")
        #expect(message { try masks.write(grey) }.hasPrefix("test: the mask: "))
        let numbers = try ManifestWriter("n.manifest", in: folder.store, task: .classification)
        #expect(message { try numbers.write(try image("a", .label(.single(-1)))) }.contains("class -1 is negative"))
        #expect(
            message { try numbers.write(try image("a", .label(.multi([0.5])))) }.contains("the label of class 0 is 0.5, neither 0 nor 1"))
    }
}
