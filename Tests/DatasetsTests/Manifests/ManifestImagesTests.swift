import Imaging
import Storage
import Testing

@testable import Datasets

@Suite("Augmented manifests")
struct ManifestImagesTests {
    private let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    private func open(
        _ text: String, _ task: VisionTask, _ names: [String], format: AugmentedManifest.LabelFormat = .multiHot, classCount: Int? = nil
    )
        throws -> ManifestImages
    {
        try folder.write(text, to: "m.jsonl")
        return try ManifestImages(
            "m.jsonl", in: folder.store,
            as: AugmentedManifest(task: task, attributeNames: names, labelFormat: format, classCount: classCount), opening: folder.buckets)
    }

    // The lines of the spec, verbatim.
    static let classes = """
        {"source-ref": "s3://b/1.jpg", "class": "0"}
        {"source-ref":"s3://b/2.jpg","class":"1","class-metadata":{"class-name":"cat","type":"groundtruth/image-classification"}}
        """
    static let boxes = """
        {"source-ref":"s3://b/1.jpg","bounding-box":{"image_size":[{"width":500,"height":400,"depth":3}],"annotations":[{"class_id":0,"left":111,"top":134,"width":61,"height":128},{"class_id":5,"left":161,"top":250,"width":80,"height":50}]},"bounding-box-metadata":{"class-map":{"0":"dog","5":"horse"},"type":"groundtruth/object-detection","objects":[{"confidence":0.8},{"confidence":0.9}],"human-annotated":"yes","creation-date":"2018-10-18T22:18:13.527256","job-name":"…"}}
        """
    static let masks = """
        {"source-ref":"s3://b/1.jpg","city-streets-ref":"s3://b/1.png","city-streets-ref-metadata":{"internal-color-map":{"0":{"class-name":"BACKGROUND","hex-color":"#ffffff","confidence":0.9},"1":{"class-name":"buildings","hex-color":"#2acf59","confidence":0.9}},"type":"groundtruth/semantic-segmentation","human-annotated":"yes","creation-date":"…","job-name":"…"}}
        """

    @Test("The spec's lines for classification: pictures in a bucket, labels, and the one class that has a name")
    func classification() throws {
        let data = try open(Self.classes, .classification, ["source-ref", "class"])
        #expect(data.count == 2)
        #expect(data.classNames == ["0", "cat"])
        #expect(try data.all().map(\.label) == [.single(0), .single(1)])
        #expect(try data.all().map(\.payload.location) == ["s3://b/1.jpg", "s3://b/2.jpg"])
        #expect(try data.record(at: 1).name == "2.jpg")
        #expect(try data.record(at: 1).place == folder.path + "/m.jsonl:2")
        #expect(data.task == .classification)
    }

    @Test("Multi-label: multi-hot as a string or an array, class ids with the number of classes given or found")
    func multiLabel() throws {
        let names = ["image-ref", "class"]
        let hot = "{\"image-ref\":\"s3://b/1.jpg\",\"class\":\"[1, 0, 1]\"}\n{\"image-ref\":\"s3://b/1.jpg\",\"class\":[0,1,1.0]}"
        #expect(try open(hot, .classification, names).all().map(\.label) == [.multi([1, 0, 1]), .multi([0, 1, 1])])
        let ids = """
            {"image-ref": "s3://b/1.jpg", "class": [0, 2], "class-metadata": {"class-map": {"0": "person", "2": "clothing"}}}
            {"image-ref": "s3://b/1.jpg", "class": "[1]", "class-metadata": {"class-map": {"1": "bicycle"}, "confidence-map": {"1": 0.8}}}
            {"image-ref": "s3://b/1.jpg", "class": []}
            """
        let found = try open(ids, .classification, names, format: .classID)
        #expect(try found.all().map(\.label) == [.multi([1, 0, 1]), .multi([0, 1, 0]), .multi([0, 0, 0])])
        #expect(found.classNames == ["person", "bicycle", "clothing"])
        let given = try open(ids, .classification, names, format: .classID, classCount: 4)
        #expect(try given.record(at: 1).label == .multi([0, 1, 0, 0]))
        #expect(given.classNames == ["person", "bicycle", "clothing", "3"])
        let few = try open(ids, .classification, names, format: .classID, classCount: 2)
        #expect(message { _ = try few.record(at: 0) }.contains("m.jsonl:1, 'class': class 2 is not below num_classes = 2"))
    }

    @Test("The spec's line for detection: pixels become fractions, class-map's gaps become numbers")
    func detection() throws {
        let data = try open(Self.boxes, .detection, ["source-ref", "bounding-box"])
        let record = try data.record(at: 0)
        #expect(record.statedSize == PixelSize(width: 500, height: 400))
        #expect(
            record.boxes == [
                BoundingBox(classID: 0, left: 111.0 / 500, top: 134.0 / 400, right: 172.0 / 500, bottom: 262.0 / 400),
                BoundingBox(classID: 5, left: 161.0 / 500, top: 250.0 / 400, right: 241.0 / 500, bottom: 300.0 / 400),
            ])
        #expect(data.classNames == ["dog", "1", "2", "3", "4", "horse"])
        let loose = """
            {"source-ref":"a.jpg","b":{"image_size":{"width":10,"height":10},"annotations":[{"class_id":"3","left":-1.5,"top":0,"width":2,"height":20}]}}
            {"source-ref":"a.jpg","b":{"image_size":[{"width":10,"height":10,"depth":3}],"annotations":[]}}
            """
        let others = try open(loose, .detection, ["source-ref", "b"])
        #expect(try others.record(at: 0).boxes == [BoundingBox(classID: 3, left: -0.15, top: 0, right: 0.05, bottom: 2)])
        #expect(try others.record(at: 1).boxes == [])
        #expect(others.classNames == nil)
    }

    @Test("The spec's line for segmentation: a mask in a bucket, names from internal-color-map")
    func segmentation() throws {
        let data = try open(Self.masks, .segmentation, ["source-ref", "city-streets-ref"])
        #expect(try data.record(at: 0).mask?.location == "s3://b/1.png")
        #expect(data.classNames == ["BACKGROUND", "buildings"])
    }

    @Test("Masks of colours become class numbers by internal-color-map; a colour that is not in it is not labelled")
    func colours() throws {
        let pixels: [UInt8] = [255, 255, 255, 0x2A, 0xCF, 0x59, 1, 2, 3, 0x2A, 0xCF, 0x59]
        try folder.write(try Image(width: 4, height: 1, channels: 3, pixels: pixels).encodedPNG(), to: "b/1.png")
        try folder.write(Self.masks, to: "m.jsonl")
        let manifest = try AugmentedManifest(
            task: .segmentation, attributeNames: ["source-ref", "city-streets-ref"], maskValues: .colours)
        let data = try ManifestImages("m.jsonl", in: folder.store, as: manifest, opening: folder.buckets)
        guard case .pixels(let mask)? = try data.record(at: 0).mask else {
            Issue.record("the mask is decoded")
            return
        }
        #expect(mask.pixels == [0, 1, 255, 1])
        try folder.write(
            "{\"source-ref\":\"s3://b/1.jpg\",\"m-ref\":\"s3://b/1.png\",\"m-ref-metadata\":{\"internal-color-map\":{\"0\":{\"hex-color\":\"#+fffff\"}}}}",
            to: "n.jsonl")
        let bad = try ManifestImages(
            "n.jsonl", in: folder.store,
            as: AugmentedManifest(task: .segmentation, attributeNames: ["source-ref", "m-ref"], maskValues: .colours),
            opening: folder.buckets)
        #expect(
            message { _ = try bad.record(at: 0) }.contains("n.jsonl:1, 'm-ref': '0': {\"hex-color\"} of the internal-color-map is no class")
        )
        try folder.write(try Image(width: 4, height: 1, channels: 3, pixels: pixels).encodedJPEG(), to: "b/1.png")
        #expect(message { _ = try data.record(at: 0) }.contains("m.jsonl:1, 'city-streets-ref': the mask is a JPEG, which changes colours"))
    }

    @Test("Attribute names and task are found in the first line")
    func inference() throws {
        func inferred(_ text: String, _ task: VisionTask? = nil) throws -> AugmentedManifest {
            try folder.write(text, to: "m.jsonl")
            return try .inferred(from: "m.jsonl", in: folder.store, task: task)
        }
        #expect(try inferred(Self.classes).attributeNames == ["source-ref", "class"])
        #expect(try inferred(Self.boxes) == AugmentedManifest(task: .detection, attributeNames: ["source-ref", "bounding-box"]))
        #expect(try inferred(Self.masks) == AugmentedManifest(task: .segmentation, attributeNames: ["source-ref", "city-streets-ref"]))
        let two = "\n{\"source-ref\":\"a\",\"x\":1,\"boxes\":{},\"y\":2}"
        #expect(try inferred(two, .detection).label == "boxes")
        #expect(message { _ = try inferred(two) }.contains("m.jsonl:2: more than one attribute may be the label: 'x', 'boxes', 'y'"))
        #expect(message { _ = try inferred(two, .segmentation) }.contains("no attribute is a label for segmentation"))
        #expect(message { _ = try inferred("{\"class\":1}") }.contains("no attribute ends in -ref ('class')"))
        #expect(message { _ = try inferred("\n \n") }.contains("m.jsonl: the manifest is empty"))
        #expect(message { _ = try inferred("[1]") }.contains("m.jsonl:1, column 1: '{' should stand where '[1]' does"))
    }

    @Test("AttributeNames that can't be are refused")
    func attributeNames() {
        func refusal(_ names: [String], _ task: VisionTask = .classification) -> String {
            message { _ = try AugmentedManifest(task: task, attributeNames: names) }
        }
        #expect(refusal(["source-ref"]).hasPrefix("AttributeNames: it has 1 name, not 2 to 16"))
        #expect(refusal((0..<17).map { "\($0)-ref" }).contains("17 names"))
        #expect(refusal(["a-ref", "a-ref"]).contains("'a-ref' is named twice"))
        #expect(refusal(["class", "source-ref"]).contains("'class' does not end in -ref"))
        #expect(refusal(["source-ref", "mask"], .segmentation).contains("'mask' does not end in -ref"))
        #expect(refusal(["source-ref", ""]).contains("name 2 is empty"))
    }

    @Test("References: buckets, blanks and percent signs, absolute and relative paths")
    func references() throws {
        let references = ["s3://b/dir/a b%20c+é.jpg", "file:///x/y.jpg", "/abs/1.jpg", "sub/2.jpg", folder.path + "/set/3.jpg", "a:b.jpg"]
        let text = references.map { "{\"source-ref\":\"\($0)\",\"class\":0}" }.joined(separator: "\n")
        try folder.write(text, to: "set/m.jsonl")
        let data = try ManifestImages(
            "set/m.jsonl", in: folder.store, as: AugmentedManifest(task: .classification, attributeNames: ["source-ref", "class"]),
            opening: folder.buckets)
        #expect(
            try data.all().map(\.payload.location) == [
                "s3://b/dir/a b%20c+é.jpg", "/x/y.jpg", "/abs/1.jpg", folder.path + "/set/sub/2.jpg", folder.path + "/set/3.jpg",
                folder.path + "/set/a:b.jpg",
            ])
        #expect(try data.all().map(\.name) == ["dir/a b%20c+é.jpg", "x/y.jpg", "abs/1.jpg", "sub/2.jpg", "3.jpg", "a:b.jpg"])
        let closed = try ManifestImages(
            "set/m.jsonl", in: folder.store, as: AugmentedManifest(task: .classification, attributeNames: ["source-ref", "class"]))
        #expect(message { _ = try closed.record(at: 0) }.contains("a reference to S3 was not expected here"))
        #expect(try closed.record(at: 3).name == "sub/2.jpg")
    }

    @Test("A manifest in a bucket is read, relative references beside it, and leaves no file behind")
    func inBucket() throws {
        try folder.write("{\"source-ref\":\"1.png\",\"class\":3}\n", to: "b/set/m.jsonl")
        try folder.write(try picture(3, 2), to: "b/set/1.png")
        let data = try ManifestImages(
            "set/m.jsonl", in: Bucket("b", in: folder),
            as: AugmentedManifest(task: .classification, attributeNames: ["source-ref", "class"]))
        let record = try data.record(at: 0)
        #expect(record.payload.location == "s3://b/set/1.png")
        #expect(try record.payload.encodedBytes() == picture(3, 2))
        #expect(record.place == "s3://b/set/m.jsonl:1")
    }

    @Test("A hundred thousand lines, some blank, are found in order by index and in the stream")
    func order() throws {
        var text = ""
        var lines: [Int] = []
        var line = 0
        for number in 0..<100_000 {
            for _ in 0..<(number % 977 == 0 ? 3 : number % 13 == 0 ? 1 : 0) {
                text += number % 2 == 0 ? "\n" : "  \r\n"
                line += 1
            }
            line += 1
            lines.append(line)
            text += "{\"source-ref\":\"\(number).jpg\",\"class\":\(number % 1000)}" + (number % 3 == 0 ? "\r\n" : "\n")
        }
        let data = try open(text, .classification, ["source-ref", "class"])
        #expect(data.count == 100_000)
        let stream = try ManifestStream("m.jsonl", in: folder.store, as: data.manifest)
        for number in 0..<100_000 {
            let next = try #require(try stream.next())
            guard next.name == "\(number).jpg", next.label == .single(number % 1000), next.place.hasSuffix(":\(lines[number])") else {
                Issue.record("record \(number) is \(next)")
                return
            }
            if number % 41 == 0 || number > 99_990 {
                let record = try data.record(at: number)
                #expect(record.name == next.name && record.label == next.label && record.place == next.place)
            }
        }
        #expect(try stream.next() == nil)
        #expect(message { _ = try data.record(at: 100_000) }.contains("there is no record 100000 of 100000"))
        #expect(message { _ = try data.record(at: -1) }.contains("there is no record -1"))
    }

    @Test("Class names that contradict each other are a warning, and the first counts; escapes make no difference")
    func names() throws {
        func line(_ number: Int, _ name: String) -> String {
            "{\"source-ref\":\"a.jpg\",\"c\":\(number),\"c-metadata\":{\"class-name\":\"\(name)\"}}\n"
        }
        let data = try open(
            line(0, "caf\\u00e9") + line(1, "dog") + line(0, "café") + line(1, "cat"), .classification, ["source-ref", "c"])
        #expect(data.classNames == ["café", "dog"])
        #expect(data.warnings == ["Class 1 is called 'dog' on line 2 and 'cat' on line 4; the first counts."])
        // A single name for class 999999 is no reason to make up a million.
        #expect(try open(line(999_999, "far"), .classification, ["source-ref", "c"]).classNames == nil)
        let stream = try ManifestStream("m.jsonl", in: folder.store, as: data.manifest)
        #expect(stream.classNamesSoFar == nil)
        let unread = try ManifestImages("m.jsonl", in: folder.store, as: data.manifest, readsClassNames: false)
        #expect(unread.classNames == nil)
    }
}
