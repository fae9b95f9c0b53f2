import Storage
import Testing

@testable import Datasets

@Suite("YOLO")
struct YOLOTests {
    private func bucket(_ yaml: String, _ labels: [String: String]) throws -> BucketInMemory {
        var texts = labels
        texts["data.yaml"] = yaml
        return BucketInMemory(
            texts: texts,
            pictures: [
                "images/train/a.jpg": picture("a"), "images/train/sub/b.jpg": picture("b"), "images/val/c.jpg": picture("c"),
            ])
    }

    @Test(
        "Names as list or mapping, sets as folder or list of folders, with or without a path of another machine",
        arguments: [
            "train: images/train\nval: images/val\nnames: [cat, dog]\n",
            "path: ../datasets/pets\ntrain: [images/train]\nval: images/val/\nnames:\n  1: dog\n  0: cat\n",
            "train: ../images/train\nval: ./images/val\nnc: 2\nnames:\n- cat\n- 'dog'\n",
        ])
    func descriptions(yaml: String) throws {
        let bucket = try bucket(
            yaml, ["labels/train/a.txt": "0 0.5 0.5 0.2 0.4\n1 .25 .25 .5 .5\n", "labels/val/c.txt": "", "labels/train/sub/b.txt": "\n"])
        let train = try YOLOImages(ChannelFiles(bucket), set: "train")
        #expect(train.classNames == ["cat", "dog"] && train.count == 2)
        #expect(close(try train.pixels(0, width: 10, height: 10), [[0, 4, 3, 6, 7], [1, 0, 0, 5, 5]]))
        #expect(try train.record(at: 1).name == "sub/b.jpg")
        let validation = try YOLOImages(ChannelFiles(bucket), set: "validation")
        #expect(validation.count == 1)
        #expect(try validation.record(at: 0).name == "c.jpg")
    }

    @Test("A picture without a text shows nothing, and that is said; an outline becomes its box")
    func background() throws {
        let bucket = try bucket("names: [a]\ntrain: images/train", ["labels/train/a.txt": "0 0.1 0.2 0.5 0.2 0.5 0.9 0.1 0.9"])
        let images = try AnnotatedChannel.opening(bucket)
        #expect(close(try images.pixels(0, width: 1, height: 1), [[0, 0.1, 0.2, 0.5, 0.9]]))
        #expect(try images.pixels(1, width: 1, height: 1).isEmpty)
        #expect(images.warnings.count == 1 && images.warnings[0].contains("1 of 2 pictures have no text"))
    }

    @Test("Texts whose pictures are missing, or of another kind, are counted; the list of class names is none")
    func strays() throws {
        let bucket = try bucket(
            "names: [a]\ntrain: images/train",
            [
                "labels/train/a.txt": "0 0.5 0.5 1 1", "labels/train/sub/b.txt": "", "labels/train/x.txt": "",
                "labels/train/classes.txt": "a",
            ])
        let warnings = try YOLOImages(ChannelFiles(bucket), set: "train").warnings
        #expect(warnings.count == 1 && warnings[0].contains("1 texts of boxes have no JPEG or PNG picture"), "\(warnings)")
    }

    @Test("Names that are expected in another order are refused, for every box would be of another class; other names are taken")
    func order() throws {
        let bucket = try bucket("names: [dog, cat]\ntrain: images/train", ["labels/train/a.txt": "0 0.5 0.5 1 1"])
        func names(_ given: [String]) throws -> [String]? {
            try YOLOImages(ChannelFiles(bucket), set: "train", classNames: given).classNames
        }
        #expect(message { _ = try names(["cat", "dog"]) }.contains("come in another order"))
        #expect(message { _ = try names(["cat", "dog", "eel"]) }.contains("'cat' is its class 1 (dog, cat), and class 0 of the expected"))
        #expect(try names(["Hund", "Katze"]) == ["Hund", "Katze"] && names(["dog", "cat"]) == ["dog", "cat"])
        #expect(try names(["0", "1"]) == ["0", "1"] && names(["dog", "cat", "eel"]) == ["dog", "cat", "eel"])
    }

    @Test("A set without names keeps those that another set has given")
    func namesOfOthers() throws {
        let bucket = BucketInMemory()
        for (set, names) in [("train", ["cat", "dog"]), ("validation", nil)] as [(String, [String]?)] {
            let writer = try YOLOWriter(bucket, set: set, classNames: names)
            let box = BoundingBox(classID: set == "train" ? 1 : 2, left: 0, top: 0, right: 1, bottom: 1)
            try writer.write(
                AnnotatedImage(name: "\(set).jpg", payload: .encoded(picture(set)), annotation: .boxes([box]), place: "here"))
            try writer.finish()
        }
        #expect(try YOLODescription(bucket.bytes(of: "data.yaml"), place: "").classNames == ["cat", "dog", "2"])
    }

    @Test(
        "A broken line is an error that names file, line and value",
        arguments: [
            ("x 0.5 0.5 0.2 0.4", "'x' is not a number"), ("0.5 0.5 0.5 0.2 0.4", "'0.5' is not a class number"),
            ("-1 0.5 0.5 0.2 0.4", "'-1' is not a class number"), ("0 0.5 0.5 0.2", "it has 4 numbers"),
            ("0 nan 0 0 0", "'nan' is not a number"),
            ("0 1 1 1 1 1 1 1", "it has 8 numbers"),
        ])
    func broken(line: String, problem: String) throws {
        let bucket = try bucket("names: [a]\ntrain: images/train", ["labels/train/a.txt": "0 0.5 0.5 1 1\n\(line)\n"])
        let error = message { _ = try YOLOImages(ChannelFiles(bucket), set: "train").record(at: 0) }
        #expect(error.contains("labels/train/a.txt:2: \(problem)"), "\(error)")
    }

    @Test(
        "A description that can't be read is refused with what is wrong",
        arguments: [
            ("names: {0: a, 2: b}", "leaves out a class number"),
            ("names: {9223372036854775807: a}", "leaves out a class number"), ("names: 3", "neither a list nor a mapping"),
            ("- a", "no YAML mapping"),
            ("names: [a, a]", "both called 'a'"), ("names: [[a]]", "more than names"), ("a: [", "no YAML"),
            (String(repeating: "[", count: 100_000), "no YAML"), ("names: [a]\ntrain: elsewhere", "has no pictures"),
        ])
    func refused(yaml: String, problem: String) throws {
        let bucket = try bucket(yaml, ["labels/train/a.txt": ""])
        let error = message { _ = try YOLOImages(ChannelFiles(bucket), set: "train") }
        #expect(error.contains("data.yaml") && error.contains(problem), "\(error)")
    }

    @Test("What is written is read back; names that YAML would take for something else stay names; sets share one description")
    func roundTrip() throws {
        let names = ["yes", "1.0", "a: b", "quote\"d"]
        let bucket = BucketInMemory()
        let box = BoundingBox(classID: 3, left: 0.125, top: 0.25, right: 0.5, bottom: 1)
        for (set, name) in [("train", "t.png"), ("validation", "v.png")] {
            let writer = try YOLOWriter(bucket, set: set, classNames: names)
            try writer.write(AnnotatedImage(name: name, payload: .encoded(png(4, 4)), annotation: .boxes([box]), place: "made"))
            try writer.finish()
        }
        #expect(bucket.text("labels/train/t.txt") == "3 0.312500 0.625000 0.375000 0.750000\n")
        for (set, name) in [("train", "t.png"), ("validation", "v.png")] {
            let images = try YOLOImages(ChannelFiles(bucket), set: set)
            #expect(images.classNames == names && images.count == 1)
            #expect(try images.record(at: 0).name == name)
            #expect(close(try images.pixels(0, width: 8, height: 8), [[3, 1, 2, 4, 8]]))
        }
        #expect(message { _ = try YOLOWriter(bucket, set: "more", classNames: ["x"]) }.contains("data.yaml"))
    }
}
