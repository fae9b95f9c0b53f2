import Storage
import Testing

@testable import Datasets

@Suite("S3 manifest files as channels")
struct ManifestFileChannelTests {
    @Test("What a manifest file names is a data set of every task, and nothing else in its folder is")
    func channels() throws {
        let folder = try TemporaryFolder()
        for name in ["data/cats/1.png", "data/cats/2.png", "data/dogs/1.png", "data/boxes/a.png"] { try folder.write(png(8, 8), to: name) }
        try folder.write(#"{"image_size": [{"width": 8, "height": 8}], "annotations": []}"#, to: "data/boxes_annotation/a.json")
        func file(_ prefix: String, _ names: String...) throws -> String {
            let list = ([#"{"prefix": "\#(folder.path)/data/\#(prefix)"}"#] + names.map { "\"\($0)\"" }).joined(separator: ", ")
            try folder.write("[\(list)]", to: "objects.manifest")
            return folder.path + "/objects.manifest"
        }
        let classes = try ClassificationChannel(file("", "cats/2.png", "dogs/1.png")).openDataset()
        #expect(classes.count == 2 && classes.classNames == ["cats", "dogs"])
        var boxes = DetectionChannel(try file("boxes/", "a.png"))
        boxes.annotations = folder.path + "/data/boxes_annotation"
        #expect(try boxes.openDataset().count == 1)
    }
}

@Suite("S3 manifest files")
struct ManifestFileStoreTests {
    private let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    private func open(_ text: String) throws -> ManifestFileStore {
        try folder.write(text, to: "set.manifest")
        return try ManifestFileStore("set.manifest", in: folder.store, opening: folder.buckets)
    }

    private func failure(_ text: String) -> String {
        message { _ = try open(text) }.replacing(folder.path + "/", with: "")
    }

    @Test("Exactly the named objects are listed and read, in the order of names, each once")
    func listing() throws {
        for name in ["a.jpg", "b.jpg", "c/1.jpg", "c/2.jpg", "d.jpg", ".hidden.jpg", "e\u{301}.jpg"] {
            try folder.write(name, to: "b/dir/" + name)
        }
        let store = try open(#"[{"prefix": "s3://b/dir/"}, "d.jpg", "c/2.jpg", "a.jpg", ".hidden.jpg", "c/2.jpg", "e\u0301.jpg"]"#)
        #expect(store.names == [".hidden.jpg", "a.jpg", "c/2.jpg", "d.jpg", "e\u{301}.jpg"])
        #expect(try store.list().map(\.name) == store.names)
        #expect(try store.list(prefix: "c").map(\.name) == ["c/2.jpg"])
        #expect(try store.list(prefix: "x").isEmpty)
        #expect(try store.list().map(\.size) == store.names.map(\.utf8.count))
        #expect(try store.bytes(of: "c/2.jpg") == Array("c/2.jpg".utf8))
        #expect(try store.bytes(of: "c/2.jpg", range: 1..<3) == Array("/2".utf8))
        #expect(try store.open("d.jpg").remainder(limit: 100, place: "") == Array("d.jpg".utf8))
        #expect(try store.information(about: "a.jpg")?.size == 5)
        #expect(try store.information(about: "b.jpg") == nil)
        #expect(store.location(of: "a.jpg") == "s3://b/dir/a.jpg")
        #expect(store.place == "s3://b/dir/")
        #expect(message { _ = try store.bytes(of: "b.jpg") } == "s3://b/dir/b.jpg: the manifest file does not name it; check the name")
        #expect(message { _ = try store.create("a.jpg") }.contains("is only read"))
        #expect(message { try store.remove("a.jpg") }.contains("is only read"))
        #expect(try ChannelFiles(store).payload(of: "a.jpg").location == "s3://b/dir/a.jpg")
    }

    @Test("A prefix need not end in a slash, and may be a path beside the manifest or from the root")
    func prefixes() throws {
        try folder.write("1", to: "b/dir/train-1.jpg")
        #expect(try open(#"[{"prefix": "s3://b/dir/train-"}, "1.jpg"]"#).list().map(\.name) == ["1.jpg"])
        #expect(try open(#"[{"prefix": "b/dir/"}, "train-1.jpg"]"#).list().map(\.size) == [1])
        let absolute = try open("[{\"prefix\": \"\(folder.path)/b/\"}, \"dir/train-1.jpg\"]")
        #expect(try absolute.list().map(\.name) == ["dir/train-1.jpg"])
        #expect(absolute.location(of: "dir/train-1.jpg") == folder.path + "/b/dir/train-1.jpg")
    }

    @Test("Listing stops when it is told to, and an object that is not there is an error")
    func stopping() throws {
        for number in 0..<5 { try folder.write("x", to: "b/\(number).jpg") }
        let store = try open(#"[{"prefix": "s3://b/"}, "0.jpg", "1.jpg", "1x.jpg", "4.jpg", "9.jpg"]"#)
        #expect(
            message { _ = try store.list() }
                == "s3://b/1x.jpg: the manifest file names it, and it is not there; take it off the manifest file")
        let good = try open(#"[{"prefix": "s3://b/"}, "0.jpg", "4.jpg"]"#)
        var pages = 0
        try good.list(prefix: "") { _ in
            pages += 1
            return false
        }
        #expect(pages == 1)
        #expect(
            message { _ = try open(#"[{"prefix": "s3://b/"}, "0.jpg", "9.jpg"]"#).list() }.contains("9.jpg: the manifest file names it"))
    }

    @Test(
        "What is no manifest file is refused with its place",
        arguments: [
            ("", "set.manifest, byte 0: the text is cut off where '[' should stand"),
            ("{\"prefix\": \"s3://b/\"}", "set.manifest, byte 0: '[' should stand where '{\"prefix\":' does"),
            ("[\"a.jpg\"]", "set.manifest, byte 8: the first element is not {\"prefix\": \"s3://…\"}"),
            ("[{\"prefix\": 7}, \"a\"]", "set.manifest, byte 14: the first element is not {\"prefix\""),
            ("[{\"prefix\": \"s3://b/\"}, 7]", "set.manifest, byte 24: a key in quotation marks should stand where '7]' does"),
            ("[{\"prefix\": \"s3://b/\"}, \"\"]", "set.manifest, byte 26: a key is empty"),
            ("[{\"prefix\": \"s3://b/\"}, \"a\"", "set.manifest, byte 27: the text is cut off where a comma or ']' should stand"),
            ("[{\"prefix\": \"s3://b/\"}]", "set.manifest: it names no objects"),
            ("[]", "set.manifest: it names no objects"),
            ("[{\"prefix\": \"gs://b/\"}, \"a\"]", "set.manifest: the prefix 'gs://b/': 'gs' is not a scheme that is read"),
        ])
    func broken(text: String, expected: String) {
        #expect(failure(text).hasPrefix(expected), "\(failure(text))")
    }
}
