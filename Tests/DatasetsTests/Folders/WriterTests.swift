import Datasets
import Foundation
import Imaging
import Storage
import Testing

@Suite("Writing class folders and lists")
struct FolderWriterTests {
    private func record(_ name: String, _ label: ClassificationLabel, _ content: String? = nil) -> AnnotatedImage {
        AnnotatedImage(name: name, payload: .encoded(picture(content ?? name)), annotation: .label(label), place: "source:\(name)")
    }

    private func copy(_ images: some AnnotatedImages, to writer: any AnnotatedImageWriter) throws {
        for index in 0..<images.count { try writer.write(try images.record(at: index)) }
        try writer.finish()
    }

    private let names = ["dog", "a cat", "nothing"]
    private var folders: BucketInMemory {
        BucketInMemory([
            "classes.txt": Array("dog\na cat\nnothing\n".utf8), "dog/1.jpg": picture("1"), "a cat/x/2.jpg": picture("2"),
            "a cat/3.jpg": picture("3"),
        ])
    }

    @Test("Folders → list → folders keeps every picture, name, class and class number")
    func roundTrip() throws {
        let start = try ClassFolders(folders)
        let lists = BucketInMemory()
        try copy(start, to: ImageListWriter(lists, classNames: start.classNames))
        #expect(
            lists.objects["train.lst"].map { String(decoding: $0, as: UTF8.self) }
                == "0\t0.000000\tdog/1.jpg\n1\t1.000000\ta cat/3.jpg\n2\t1.000000\ta cat/x/2.jpg\n")
        let images = BucketInMemory(
            Dictionary(
                uniqueKeysWithValues: lists.objects.filter { $0.key.hasPrefix("train/") }.map { (String($0.key.dropFirst(6)), $0.value) }))
        let listed = try ListedImages("train.lst", in: lists, images: images)
        #expect(listed.classNames == names)
        #expect(try contents(listed) == contents(start))
        let again = BucketInMemory()
        try copy(listed, to: ClassFolderWriter(again, classNames: listed.classNames))
        #expect(again.objects == folders.objects)
    }

    @Test("What is written to disk opens as a channel, folders and list alike")
    func channel() throws {
        let folder = try TemporaryFolder()
        let start = try ClassFolders(folders)
        try copy(start, to: ImageListWriter(LocalStore(folder.path), name: "held", classNames: names))
        try copy(start, to: ClassFolderWriter(LocalStore(folder.path + "/folders"), classNames: names))
        for path in [folder.path + "/held.lst", folder.path + "/folders"] {
            let data = try ClassificationDataset(channel: path)
            #expect(data.classNames == names && data.histogram == [1, 2, 0])
            #expect(try contents(data.annotatedImages) == contents(start))
        }
    }

    @Test("A multi-label list is written and read back; class folders refuse it and say what takes it")
    func multiLabel() throws {
        let bucket = BucketInMemory()
        let writer = try ImageListWriter(bucket, name: "t")
        try writer.write(record("a.jpg", .multi([1, 0, 1])))
        #expect(message { try writer.write(record("b.jpg", .multi([1, 0]))) }.contains("2 label columns where the first picture has 3"))
        #expect(message { try writer.write(record("b.jpg", .single(1))) }.hasPrefix("source:b.jpg: 1 label columns where"))
        #expect(message { try writer.write(record("b.jpg", .multi([1, 0, .nan]))) }.contains("neither 0 nor 1"))
        #expect(message { try writer.write(record("b.jpg", .multi([1]))) }.contains("two or more"))
        try writer.finish()
        let text = String(decoding: bucket.objects["t.lst"] ?? [], as: UTF8.self)
        #expect(text == "0\t1.000000\t0.000000\t1.000000\ta.jpg\n")
        let folders = try ClassFolderWriter(BucketInMemory(), classNames: names)
        #expect(
            message { try folders.write(record("a.jpg", .multi([1, 0, 1]))) }
                == "source:a.jpg: it is multi-label, and a picture lies in one class folder only; "
                + "write a .lst or RecordIO, which hold several labels")
    }

    @Test("Equal names, and names that lead out or break a line, become names of their own")
    func uniqueNames() throws {
        let bucket = BucketInMemory()
        let writer = try ImageListWriter(bucket)
        for name in ["a.jpg", "../a.jpg", "a.png", "a\tb\n.jpg", "a_2.jpg", ""] { try writer.write(record(name, .single(0), "")) }
        try writer.finish()
        let lines = try ImageList(parsing: bucket.objects["train.lst"] ?? [], file: "train.lst").lines
        #expect(lines.map(\.path) == ["a.jpg", "a_2.jpg", "a_3.jpg", "a_b_.jpg", "a_2_2.jpg", "image.jpg"])
        #expect(lines.allSatisfy { bucket.objects["train/" + $0.path] != nil })
    }

    @Test("Without class names, folders are numbers that keep their order; a label no folder can have is refused")
    func numbered() throws {
        let bucket = BucketInMemory()
        let writer = try ClassFolderWriter(bucket)
        for label in [10, 2, 0] { try writer.write(record("x.jpg", .single(label))) }
        #expect(message { try writer.write(record("x.jpg", .single(-1))) }.contains("label -1 is not in 0…999999"))
        try writer.finish()
        #expect(bucket.objects.keys.sorted() == ["0000/x.jpg", "0002/x.jpg", "0010/x.jpg"])
        for wrong in ["a/b", "..", ".x", "a\nb", " a", ""] {
            let text = message { _ = try ClassFolderWriter(BucketInMemory(), classNames: ["ok", wrong]) }
            #expect(
                text.contains("cannot be the name of a folder") || text.contains("holds a line break or begins")
                    || text.contains("empty name"))
        }
        #expect(message { try ClassFolderWriter(BucketInMemory(), classNames: names).write(record("x", .single(3))) }.contains("0…2"))
        let boxes = AnnotatedImage(name: "x", payload: .encoded([]), annotation: .boxes([]), place: "a.json")
        #expect(message { try writer.write(boxes) }.hasPrefix("a.json: it has no class label but a detection annotation"))
    }

    @Test("Nothing is overwritten; a resumed run writes what is missing, and the list anew")
    func resume() throws {
        let start = try ClassFolders(folders)
        let bucket = BucketInMemory()
        let interrupted = try ImageListWriter(bucket, classNames: names)
        try interrupted.write(try start.record(at: 0))
        #expect(bucket.objects["train.lst"] == nil)
        #expect(message { _ = try ImageListWriter(bucket) }.contains("'train/dog/1.jpg' is there already"))
        try copy(start, to: ImageListWriter(bucket, classNames: names, resume: true))
        #expect(bucket.writes.filter { $0 == "train/dog/1.jpg" }.count == 1)
        #expect(bucket.objects.count == 5)
        // Names of another data set are not replaced.
        #expect(message { _ = try ImageListWriter(bucket, name: "validation", classNames: ["x"]) }.contains("its classes differ"))
        try copy(start, to: ImageListWriter(bucket, name: "validation", classNames: names))
        #expect(message { try ImageListWriter(BucketInMemory()).finish() }.contains("no picture was written"))

        let folders = self.folders
        let before = folders.writes.count
        try copy(start, to: ClassFolderWriter(folders, classNames: names, resume: true))
        #expect(folders.writes.count == before)
        #expect(message { _ = try ClassFolderWriter(folders) }.contains("is there already"))
    }

    // Skipped without the real data.
    @Test("TrashNet's folders become the list that lies beside them", .enabled(if: SharedData.holds("trashnet/validation")))
    func trashnet() throws {
        let start = try ClassFolders(LocalStore(SharedData.path("trashnet/validation")))
        let bucket = BucketInMemory()
        try copy(start, to: ImageListWriter(bucket, name: "validation", classNames: start.classNames))
        let written = try ImageList(parsing: bucket.objects["validation.lst"] ?? [], file: "written").lines
        let published = try ImageList(contentsOf: SharedData.path("trashnet/validation.lst")).lines
        func pairs(_ lines: [ImageList.Line]) -> Set<String> { Set(lines.map { "\($0.path) \($0.label)" }) }
        #expect(pairs(written) == pairs(published) && written.count == 180)
    }

    @Test("An interrupted conversion goes on with its own part, and refuses another's", arguments: [DatasetFormat.recordio, .folders])
    func otherConversion(format: DatasetFormat) throws {
        struct Stop: Error {}
        let folder = NSTemporaryDirectory() + "conversion-\(UUID().uuidString)"
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let images = LocalStore(folder + "/images"), target = LocalStore(folder + "/out")
        for name in ["x/1.png", "x/2.png", "y/1.png"] {
            try images.write(Image(width: 8, height: 8, filledWith: [UInt8(name.utf8.count), 1, 2]).encodedPNG(), to: name)
        }
        let source = try AnnotatedChannel(images.place).open()
        #expect(throws: Stop.self) {
            try source.write(as: format, to: target, name: "train", resume: false) { if $0 == 2 { throw Stop() } }
        }
        try images.write(Image(width: 8, height: 8, filledWith: [3, 4, 5]).encodedPNG(), to: "x/0.png")
        let more = try AnnotatedChannel(images.place).open()
        let error = #expect(throws: DatasetError.self) { try more.write(as: format, to: target, name: "train", resume: true) }
        #expect(error?.description.contains("another conversion: 3 pictures from") == true, "\(String(describing: error))")
        try source.write(as: format, to: target, name: "train", resume: true)
        // The same once more has nothing to do; another one is refused even now that it is whole.
        try source.write(as: format, to: target, name: "train", resume: true)
        #expect(throws: DatasetError.self) { try more.write(as: format, to: target, name: "train", resume: true) }
        #expect(try AnnotatedChannel(target.place).open().count == 3)
    }
}
