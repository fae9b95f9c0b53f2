import Storage
import Testing

@testable import Datasets

@Suite("Pascal VOC")
struct PascalVOCTests {
    // 2007_000027 of VOC2012, as published but for most of its parts.
    private let published = """
        <annotation>
          <folder>VOC2012</folder><filename>2007_000027.jpg</filename>
          <size><width>486</width><height>500</height><depth>3</depth></size>
          <segmented>0</segmented>
          <object>
            <name>person</name><pose>Unspecified</pose><truncated>0</truncated><difficult>0</difficult>
            <bndbox><xmin>174</xmin><ymin>101</ymin><xmax>349</xmax><ymax>351</ymax></bndbox>
            <part><name>head</name><bndbox><xmin>169</xmin><ymin>104</ymin><xmax>209</xmax><ymax>146</ymax></bndbox></part>
          </object>
        </annotation>
        """

    private func file(_ objects: String, size: String = "<size><width>10</width><height>20</height></size>") -> String {
        "<annotation>\(size)\(objects)</annotation>"
    }

    private func object(_ name: String, _ edges: [String], difficult: Bool = false) -> String {
        let frame = zip(["xmin", "ymin", "xmax", "ymax"], edges).map { "<\($0)>\($1)</\($0)>" }.joined()
        return "<object><name>\(name)</name><difficult>\(difficult ? 1 : 0)</difficult><bndbox>\(frame)</bndbox></object>"
    }

    @Test("A published annotation: pixels from 1, parts of objects are no objects, VOC's class numbers")
    func reads() throws {
        let bucket = BucketInMemory(
            texts: ["Annotations/2007_000027.xml": published, "ImageSets/Main/train.txt": "2007_000027\n"],
            pictures: ["JPEGImages/2007_000027.jpg": picture("p")])
        let images = try PascalVOCImages(ChannelFiles(bucket), set: "train")
        #expect(images.count == 1 && images.classNames == PascalVOCImages.classes)
        #expect(close(try images.pixels(0, width: 486, height: 500), [[14, 173, 100, 349, 351]]))
        let record = try images.record(at: 0)
        #expect(record.name == "2007_000027.jpg" && record.place.hasSuffix("Annotations/2007_000027.xml"))
    }

    @Test("Extensions of any case and a mark at the list's beginning are understood")
    func extensions() throws {
        let stems = ["a", "b", "c"]
        var texts = ["ImageSets/Main/train.txt": "\u{FEFF}a\nb\nc\n"]
        for stem in stems { texts["Annotations/\(stem).xml"] = file(object("cat", ["1", "1", "2", "2"])) }
        let bucket = BucketInMemory(
            texts: texts,
            pictures: ["JPEGImages/a.PNG": picture("a"), "JPEGImages/b.JPEG": picture("b"), "JPEGImages/c.Jpg": picture("c")])
        let images = try AnnotatedChannel.opening(bucket)
        #expect(images.count == 3)
        for index in 0..<3 { #expect(try !images.record(at: index).payload.encodedBytes().isEmpty) }
    }

    @Test("Others' persons and cars are two classes, though VOC has both names")
    func someNames() throws {
        let bucket = BucketInMemory(
            texts: ["a.xml": file(object("person", ["1", "1", "4", "4"]) + object("car", ["1", "1", "4", "4"]))],
            pictures: ["a.jpg": picture("a")])
        #expect(try AnnotatedChannel.opening(bucket).classNames == ["car", "person"])
    }

    @Test("Other names are numbered by the alphabet; a file that counts from 0 and a size of 0 are understood; difficult is kept")
    func otherPrograms() throws {
        let bucket = BucketInMemory(
            texts: [
                "a.xml": file(object("zebra", ["0", "0", "10", "20"]) + object("ant", ["2", "2", "2", "2.5"], difficult: true)),
                "b.xml": file(object("ant", ["1", "1", "4", "4"]), size: "<size><width>0</width><height>0</height></size>"),
            ], pictures: ["a.jpg": picture("a"), "b.png": try png(8, 4)])
        let images = try AnnotatedChannel.opening(bucket)
        #expect(images.classNames == ["ant", "zebra"])
        #expect(close(try images.pixels(0, width: 10, height: 20), [[1, 0, 0, 10, 20], [0, 1, 1, 2, 2.5]]))
        #expect(close(try images.pixels(1, width: 8, height: 4), [[0, 0, 0, 4, 4]]))
        guard case .boxes(let boxes) = try images.annotation(at: 0) else { return }
        #expect(boxes.map(\.isDifficult) == [false, true])
    }

    @Test("Whole pixels are written and read back; names are escaped; a second set shares the folders")
    func roundTrip() throws {
        let bucket = BucketInMemory()
        let box = BoundingBox(classID: 1, left: 0.1, top: 0.25, right: 0.5, bottom: 1, isDifficult: true)
        func write(_ set: String, _ name: String, _ shade: UInt8) throws {
            let writer = try PascalVOCWriter(bucket, set: set, classNames: ["a", "b & <c>"])
            try writer.write(
                AnnotatedImage(name: name, payload: .encoded(png(10, 8, shade)), annotation: .boxes([box]), place: "made"))
            try writer.finish()
        }
        try write("train", "my 1.png", 1)
        try write("validation", "other.png", 2)
        #expect(message { try write("third", "other.png", 3) }.contains("already with another content"))
        let images = try PascalVOCImages(ChannelFiles(bucket), set: "train")
        #expect(images.classNames == ["a", "b & <c>"] && images.count == 1)
        #expect(close(try images.pixels(0, width: 10, height: 8), [[1, 1, 2, 5, 8]]))
        let record = try images.record(at: 0)
        #expect(record.name == "my 1.png" && record.statedSize == PixelSize(width: 10, height: 8))
        #expect(try record.payload.encodedBytes() == png(10, 8, 1))
    }

    @Test(
        "A broken annotation is an error of its picture that names file and object",
        arguments: [
            ("<annotation><object>", ":1: the text is cut off in <object>"), ("<x/>", "its root is <x>"),
            ("<annotation><object><bndbox/></object></annotation>", "object 0: it has no name"),
            ("<annotation><object><name>a</name></object></annotation>", "object 0: it has no bndbox"),
            ("<annotation><object><name>a</name><bndbox><xmin>z</xmin></bndbox></object></annotation>", "xmin is 'z', not a number"),
            ("<annotation><object><name>a</name><bndbox><xmin>1</xmin></bndbox></object></annotation>", "ymin is missing"),
            (String(repeating: "<annotation>", count: 40), "nested more than 16 deep"),
        ])
    func broken(text: String, problem: String) throws {
        let bucket = BucketInMemory(
            texts: ["Annotations/a.xml": text, "Annotations/b.xml": file(object("ant", ["1", "1", "4", "4"]))],
            pictures: ["JPEGImages/a.jpg": picture("a"), "JPEGImages/b.jpg": picture("b")])
        let images = try PascalVOCImages(ChannelFiles(bucket), set: nil)
        let error = message { _ = try images.record(at: 0) }
        #expect(error.contains("Annotations/a.xml") && error.contains(problem), "\(error)")
        #expect(try images.pixels(1, width: 10, height: 20).count == 1)
    }

    @Test("Entities that would multiply without end are refused, and those of other files are not followed")
    func entities() throws {
        let bomb = """
            <!DOCTYPE a [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;"><!ENTITY c "&b;&b;&b;&b;&b;&b;&b;&b;">
            <!ENTITY d "&c;&c;&c;&c;&c;&c;&c;&c;"><!ENTITY e "&d;&d;&d;&d;&d;&d;&d;&d;"><!ENTITY f "&e;&e;&e;&e;&e;&e;&e;&e;">
            <!ENTITY g "&f;&f;&f;&f;&f;&f;&f;&f;"><!ENTITY h "&g;&g;&g;&g;&g;&g;&g;&g;">]><annotation>&h;</annotation>
            """
        let file = #"<!DOCTYPE a [<!ENTITY f SYSTEM "file:///etc/hostname">]><annotation><object><name>&f;</name></object></annotation>"#
        let tree = try? XMLTree(Array(bomb.utf8))
        #expect((tree?.text.utf8.count ?? 0) < 1 << 20)
        let name = (try? XMLTree(Array(file.utf8)))?.child("object")?["name"] ?? ""
        #expect(name.isEmpty)
    }
}
