import Foundation
import Storage
import Testing

@testable import Datasets

@Suite("Hostile manifests")
struct ManifestHostileTests {
    private let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    private func failure(_ line: String, _ task: VisionTask = .classification, classCount: Int? = nil) throws -> String {
        let names: [VisionTask: [String]] = [
            .classification: ["source-ref", "class"], .detection: ["source-ref", "box"], .segmentation: ["source-ref", "mask-ref"],
        ]
        try folder.write(
            line + "\n"
                + "{\"source-ref\":\"a.jpg\",\"class\":1,\"box\":{\"image_size\":[{\"width\":1,\"height\":1}],\"annotations\":[]},\"mask-ref\":\"a.png\"}",
            to: "m.jsonl")
        let manifest = try AugmentedManifest(task: task, attributeNames: try #require(names[task]), classCount: classCount)
        let stream = try ManifestStream("m.jsonl", in: folder.store, as: manifest)
        let text = message { _ = try stream.next() }
        #expect(stream.isRecoverable)
        #expect(try stream.next() != nil)
        #expect(try stream.next() == nil)
        let data = try ManifestImages("m.jsonl", in: folder.store, as: manifest)
        #expect(message { _ = try data.record(at: 0) } == text)
        #expect(try data.record(at: 1).place.hasSuffix(":2"))
        return text.replacing(folder.path + "/", with: "")
    }

    @Test(
        "A broken line is named, and the next one read",
        arguments: [
            ("{\"source-ref\":\"a.jpg\",\"class\":", "m.jsonl:1, column 31: the text is cut off"),
            ("{\"source-ref\":\"a.jpg\",\"class\":1", "m.jsonl:1, column 32: the text is cut off where a comma or '}' should stand"),
            ("{\"source-ref\":\"a.jpg\",\"class\":NaN}", "m.jsonl:1, column 31: a value should stand where 'NaN}' does"),
            ("{\"source-ref\":\"a.jpg\",\"class\":1e999}", "m.jsonl:1, column 31: a number is too large"),
            ("[\"a.jpg\"]", "m.jsonl:1, column 1: '{' should stand where '[\"a.jpg\"]' does"),
            ("{} trailing", "m.jsonl:1, column 4: there is more behind the end"),
            ("a.jpg 1", "m.jsonl:1, column 1: '{' should stand where 'a.jpg' does"),
            (
                "{\"klass\":1,\"x\":2}",
                "m.jsonl:1: the attribute 'source-ref' is missing (the line has 'klass', 'x'); AttributeNames must be"
            ),
            ("{}", "m.jsonl:1: the attribute 'source-ref' is missing (the line has no attributes)"),
            ("{\"source-ref\":\"a.jpg\"}", "m.jsonl:1: the attribute 'class' is missing (the line has 'source-ref')"),
            ("{\"source-ref\":7,\"class\":1}", "m.jsonl:1, 'source-ref': a number (7) is no reference"),
            ("{\"source-ref\":null,\"class\":1}", "m.jsonl:1, 'source-ref': null (null) is no reference"),
            ("{\"source-ref\":\"\",\"class\":1}", "m.jsonl:1, 'source-ref': the reference is empty"),
            ("{\"source-ref\":\"a\\u0000b\",\"class\":1}", "m.jsonl:1, 'source-ref': the reference is empty or holds a zero byte"),
            ("{\"source-ref\":\"http://x/y\",\"class\":1}", "m.jsonl:1, 'source-ref': 'http://x/y': 'http' is not a scheme that is read"),
            ("{\"source-ref\":\"s3:///y\",\"class\":1}", "m.jsonl:1, 'source-ref': 's3:///y': the bucket has no name"),
            ("{\"source-ref\":\"s3://b\",\"class\":1}", "m.jsonl:1, 'source-ref': 's3://b' names no object"),
            ("{\"source-ref\":\"s3://b/dir/\",\"class\":1}", "m.jsonl:1, 'source-ref': 's3://b/dir/' names no object"),
            ("{\"source-ref\":\"a.jpg\",\"class\":-1}", "m.jsonl:1, 'class': class -1 is negative; count classes from 0"),
            ("{\"source-ref\":\"a.jpg\",\"class\":0.5}", "m.jsonl:1, 'class': 0.5 is not a whole number"),
            ("{\"source-ref\":\"a.jpg\",\"class\":1e300}", "m.jsonl:1, 'class': class 1e+300 is above 999999"),
            ("{\"source-ref\":\"a.jpg\",\"class\":\"cat\"}", "m.jsonl:1, 'class': a string (\"cat\") is no class number"),
            ("{\"source-ref\":\"a.jpg\",\"class\":\"\"}", "m.jsonl:1, 'class': a string (\"\") is no class number"),
            ("{\"source-ref\":\"a.jpg\",\"class\":true}", "m.jsonl:1, 'class': true or false (true) is no class number"),
            ("{\"source-ref\":\"a.jpg\",\"class\":null}", "m.jsonl:1, 'class': null (null) is no class number"),
            ("{\"source-ref\":\"a.jpg\",\"class\":{\"id\":1}}", "m.jsonl:1, 'class': an object ({\"id\"}) is no class number"),
            ("{\"source-ref\":\"a.jpg\",\"class\":[]}", "m.jsonl:1, 'class': it has no values"),
            ("{\"source-ref\":\"a.jpg\",\"class\":[0,2]}", "m.jsonl:1, 'class': 2 is neither 0 nor 1"),
            ("{\"source-ref\":\"a.jpg\",\"class\":[[1]]}", "m.jsonl:1, 'class': [1] is neither 0 nor 1"),
        ])
    func classification(line: String, expected: String) throws {
        let text = try failure(line)
        #expect(text.hasPrefix(expected), "\(text)")
    }

    @Test("Labels against num_classes")
    func classCount() throws {
        #expect(
            try failure("{\"source-ref\":\"a.jpg\",\"class\":2}", classCount: 2).hasPrefix(
                "m.jsonl:1, 'class': class 2 is not below num_classes = 2"))
        #expect(
            try failure("{\"source-ref\":\"a.jpg\",\"class\":[1,0,0]}", classCount: 2)
                .hasPrefix("m.jsonl:1, 'class': it has 3 values, but num_classes is 2"))
    }

    @Test(
        "Boxes that can't be are named",
        arguments: [
            ("7", "m.jsonl:1, 'box': a number (7) where an object"),
            ("{}", "m.jsonl:1, 'box': image_size is missing"),
            ("{\"image_size\":[]}", "m.jsonl:1, 'box': image_size is missing"),
            ("{\"image_size\":[{\"width\":0,\"height\":1}]}", "m.jsonl:1, 'box': image_size has no width and height of 1 pixel or more"),
            ("{\"image_size\":[{\"width\":1e18,\"height\":1}]}", "m.jsonl:1, 'box': image_size has no width"),
            ("{\"image_size\":[{\"width\":1.5,\"height\":1}]}", "m.jsonl:1, 'box': image_size has no width"),
            ("{\"image_size\":[{\"width\":9,\"height\":9}]}", "m.jsonl:1, 'box': annotations is missing"),
            ("{\"image_size\":[{\"width\":9,\"height\":9}],\"annotations\":{}}", "m.jsonl:1, 'box': annotations is an object"),
            ("{\"image_size\":[{\"width\":9,\"height\":9}],\"annotations\":[7]}", "m.jsonl:1, 'box', annotation 0: class_id is missing"),
            (
                "{\"image_size\":[{\"width\":9,\"height\":9}],\"annotations\":[{\"class_id\":-1,\"left\":0,\"top\":0,\"width\":1,\"height\":1}]}",
                "m.jsonl:1, 'box', annotation 0, class_id: class -1 is negative"
            ),
            (
                "{\"image_size\":[{\"width\":9,\"height\":9}],\"annotations\":[{\"class_id\":1,\"left\":0,\"top\":\"x\",\"width\":1,\"height\":1}]}",
                "m.jsonl:1, 'box', annotation 0: top is \"x\", not a number"
            ),
            (
                "{\"image_size\":[{\"width\":9,\"height\":9}],\"annotations\":[{\"class_id\":1,\"left\":1.7e308,\"top\":0,\"width\":1.7e308,\"height\":1}]}",
                "m.jsonl:1, 'box', annotation 0: its edges are beyond all numbers"
            ),
        ])
    func detection(value: String, expected: String) throws {
        let text = try failure("{\"source-ref\":\"a.jpg\",\"box\":\(value)}", .detection)
        #expect(text.hasPrefix(expected), "\(text)")
    }

    @Test("A mask that is no reference is named")
    func segmentation() throws {
        let text = try failure("{\"source-ref\":\"a.jpg\",\"mask-ref\":[1]}", .segmentation)
        #expect(text.hasPrefix("m.jsonl:1, 'mask-ref': an array ([1]) is no reference"))
    }

    @Test("A line of more than 16 MiB is one broken record in the index, too")
    func longLine() throws {
        let good = Array("{\"source-ref\":\"a.jpg\",\"class\":1}\n".utf8)
        let long = [UInt8](repeating: UInt8(ascii: "x"), count: JSONLines.defaultLimit + 1)
        try folder.write(good + long + [0x0A] + good, to: "m.jsonl")
        let data = try ManifestImages(
            "m.jsonl", in: folder.store, as: AugmentedManifest(task: .classification, attributeNames: ["source-ref", "class"]))
        #expect(data.count == 3)
        #expect(message { _ = try data.record(at: 1) }.contains("m.jsonl:2: the line is longer than 16777216 bytes"))
        #expect(try data.record(at: 2).place.hasSuffix("m.jsonl:3"))
    }

    @Test("Empty, missing and folder manifests are told")
    func nothing() throws {
        let manifest = try AugmentedManifest(task: .classification, attributeNames: ["source-ref", "class"])
        try folder.write("\n\n", to: "m.jsonl")
        #expect(message { _ = try ManifestImages("m.jsonl", in: folder.store, as: manifest) }.contains("m.jsonl: the manifest is empty"))
        #expect(throws: StorageError.self) { try ManifestImages("none.jsonl", in: folder.store, as: manifest) }
        try folder.makeFolder("dir")
        #expect(throws: StorageError.self) { try ManifestImages("dir", in: folder.store, as: manifest) }
    }

    @Test("Lines with random damage end in records or errors of one kind")
    func random() throws {
        let lines = [ManifestImagesTests.classes, ManifestImagesTests.boxes, ManifestImagesTests.masks].map { Array($0.utf8) }
        let manifests = try [
            AugmentedManifest(task: .classification, attributeNames: ["source-ref", "class"]),
            AugmentedManifest(task: .detection, attributeNames: ["source-ref", "bounding-box"]),
            AugmentedManifest(task: .segmentation, attributeNames: ["source-ref", "city-streets-ref"]),
        ]
        var random = SeededGenerator(state: 2)
        for (bytes, manifest) in zip(lines, manifests) {
            for _ in 0..<150 {
                var damaged = bytes
                for _ in 0..<Int.random(in: 1...4, using: &random) {
                    damaged[Int.random(in: 0..<damaged.count, using: &random)] = UInt8.random(in: 0...255, using: &random)
                }
                if Bool.random(using: &random) { damaged.removeSubrange(Int.random(in: 0..<damaged.count, using: &random)...) }
                try folder.write(damaged + [0x0A, 0x7B], to: "m.jsonl")
                let data = try ManifestImages("m.jsonl", in: folder.store, as: manifest, opening: folder.buckets)
                for index in 0..<data.count {
                    do { _ = try data.record(at: index) } catch { #expect(error is DatasetError, "\(error)") }
                }
            }
        }
    }
}
