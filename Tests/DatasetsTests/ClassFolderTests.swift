import Datasets
import Foundation
import Testing

@Suite("Class folders")
struct ClassFolderTests {
    @Test("Classes are numbered in the order of Python's sorted: capitals before small letters, '10' before '2'")
    func order() throws {
        let folder = try TemporaryFolder()
        try folder.touch("b/1.jpg", "B/1.PNG", "a/2.jpeg", "a/1.jpg", "10/x.jpg", "2/x.jpg")
        let data = try ClassificationDataset(channel: folder.path)
        #expect(data.classNames == ["10", "2", "B", "a", "b"])
        #expect(data.histogram == [1, 1, 1, 2, 1])
        #expect(try data.record(at: 3).id == folder.path + "/a/1.jpg")
        #expect(try data.record(at: 3).label == .single(3))
        #expect(data.labelKind == .single)
    }

    @Test("Images in sub-folders belong to the class; other files, hidden ones and macOS leftovers do not")
    func scan() throws {
        let folder = try TemporaryFolder()
        try folder.touch(
            "cat/2020/may/1.jpg", "cat/notes.txt", "cat/._1.jpg", "dog/1.jpg", "__MACOSX/cat/1.jpg", ".ipynb_checkpoints/1.jpg")
        let data = try ClassificationDataset(channel: folder.path)
        #expect(data.classNames == ["cat", "dog"])
        #expect(data.histogram == [1, 1])
        #expect(data.warnings.count == 1 && data.warnings[0].contains("1 files") && data.warnings[0].contains("cat/notes.txt"))
    }

    @Test("A class folder without images keeps its number and is reported")
    func emptyClass() throws {
        let folder = try TemporaryFolder()
        try folder.touch("a/1.jpg", "c/1.jpg")
        try folder.makeFolder("b")
        let data = try ClassificationDataset(channel: folder.path)
        #expect(data.histogram == [1, 0, 1])
        #expect(data.warnings == ["\(folder.path)/b: the class has no images"])
    }

    @Test("A link to a folder is a class, but a link back to a parent is not followed for ever")
    func links() throws {
        let folder = try TemporaryFolder()
        let other = try TemporaryFolder()
        try other.touch("1.jpg")
        try folder.touch("a/1.jpg")
        try FileManager.default.createSymbolicLink(atPath: folder.path + "/b", withDestinationPath: other.path)
        try FileManager.default.createSymbolicLink(atPath: folder.path + "/a/loop", withDestinationPath: folder.path)
        #expect(try ClassificationDataset(channel: folder.path).histogram == [1, 1])
    }

    @Test("A model's class order is kept, and folders that differ from it are listed")
    func modelClasses() throws {
        let folder = try TemporaryFolder()
        try folder.touch("cat/1.jpg", "dog/1.jpg", "dog/2.jpg")
        let data = try ClassificationDataset(channel: folder.path, classNames: ["dog", "cat"])
        #expect(data.classNames == ["dog", "cat"])
        #expect(data.histogram == [2, 1])
        let text = message { _ = try ClassificationDataset(channel: folder.path, classNames: ["bird", "cat"]) }
        #expect(
            text == "\(folder.path): its classes differ from the 2 expected ones (missing: bird; extra: dog); rename them, or remove the "
                + "extra ones")
    }

    @Test("Few pictures need not show every class that is known")
    func fewClasses() throws {
        let folder = try TemporaryFolder()
        try folder.touch("cat/1.jpg", "dog/1.jpg")
        let data = try ClassificationDataset(channel: folder.path, classNames: ["bird", "cat", "dog"])
        #expect(data.histogram == [0, 1, 1])
        #expect(data.warnings == ["\(folder.path)/bird: the class has no images"])
    }

    @Test("A folder one level too high is no classifier of halves: one is refused with the right path, several are warned about")
    func tooHigh() throws {
        let one = try TemporaryFolder()
        try one.touch("photos/train/cat/1.jpg", "photos/train/dog/1.jpg", "photos/validation/cat/2.jpg")
        let text = message { _ = try ClassificationDataset(channel: one.path) }
        #expect(text.contains("its only folder, 'photos', holds no pictures but folders (train, validation); give \(one.path)/photos"))
        let two = try TemporaryFolder()
        try two.touch("dev/cat/1.jpg", "dev/dog/1.jpg", "train/cat/2.jpg", "train/dog/2.jpg")
        let warnings = try ClassificationDataset(channel: two.path).warnings
        #expect(warnings.count == 1 && warnings[0].contains("hold the same folders (cat, dog)"))
        // Folders of years in some classes are a way to keep pictures.
        let years = try TemporaryFolder()
        try years.touch("cat/2020/1.jpg", "cat/2021/1.jpg", "dog/2021/2.jpg")
        #expect(try ClassificationDataset(channel: years.path).warnings.isEmpty)
        let single = try TemporaryFolder()
        try single.touch("cat/1.jpg")
        #expect(try ClassificationDataset(channel: single.path).warnings.first?.contains("one class only, 'cat'") == true)
    }

    @Test("A channel's name is a half, or the folder of that name, and never another one")
    func channels() throws {
        let folder = try TemporaryFolder()
        try folder.touch("train/a/1.jpg", "train/b/1.jpg", "val/a/2.jpg", "val/b/2.jpg", "test/a/3.jpg", "test/b/3.jpg", "test/b/4.jpg")
        func count(_ name: String) throws -> Int {
            var channel = ClassificationChannel(folder.path)
            #expect(try channel.select(name))
            return try channel.openDataset().count
        }
        #expect(try count("train") == 2 && count("validation") == 2 && count("val") == 2 && count("test") == 3)
        #expect(message { _ = try count("tset") }.contains("it has no channel 'tset', only test, train, val"))
        var plain = ClassificationChannel(folder.path + "/train")
        #expect(try !plain.select("tset") && plain.select("test"))
        // Where there is no other validation set, it is said.
        try FileManager.default.removeItem(atPath: folder.path + "/val")
        let data = try ClassificationDataset(channel: folder.path, split: .validation)
        #expect(data.count == 3 && data.warnings == ["\(folder.path): there is no validation folder, so 'test' is taken for one"])
        let masks = try SegmentationFolder()
        var channel = AnnotatedChannel(masks.folder.path)
        channel.channel = "test"
        #expect(message { _ = try channel.open() }.contains("it has no channel 'test', only train"))
    }

    @Test("What can't be read is left out of what is scored, up to a limit, and named")
    func readable() throws {
        let folder = try TemporaryFolder()
        for name in ["a/1.png", "a/2.png", "b/3.png"] { try folder.write(png(8, 8), to: name) }
        let whole = try ClassificationDataset(channel: folder.path)
        #expect(try whole.readable(leavingOut: 0).leftOut.isEmpty)
        try folder.write([1, 2], to: "a/2.png")
        let (records, leftOut) = try ClassificationDataset(channel: folder.path).readable(leavingOut: 1)
        #expect(records.count == 2 && records.histogram == [1, 1])
        #expect(leftOut.count == 1 && leftOut[0].contains("\(folder.path)/a/2.png"))
        #expect(records.source.hasSuffix("without 1 that can't be read"))
        #expect(message { _ = try whole.readable(leavingOut: 0) }.contains("1 of its 3 images can't be read, and 0 may be left out"))
        let masks = try SegmentationFolder()
        let dataset = try masks.open(4)
        try masks.folder.write([1], to: "train_annotation/2.png")
        #expect(try dataset.readable(leavingOut: 1).records.count == 3)
    }

    @Test("Class folders named by number are warned about where name and number part")
    func numberedFolders() throws {
        let folder = try TemporaryFolder()
        try folder.touch("0/a.jpg", "1/a.jpg")
        #expect(try ClassificationDataset(channel: folder.path).warnings.isEmpty)
        try folder.touch("5/a.jpg")
        #expect(try ClassificationDataset(channel: folder.path).warnings.count == 1)
    }

    @Test("A folder of train/ and validation/ is two halves, not two classes")
    func halves() throws {
        let folder = try TemporaryFolder()
        try folder.touch("train/a/1.jpg", "train/b/1.jpg", "train/b/2.jpg", "val/a/1.jpg", "val/b/1.jpg", "test/a/9.jpg", "test/b/9.jpg")
        #expect(try ClassificationDataset(channel: folder.path).histogram == [1, 2])
        let validation = try ClassificationDataset(channel: folder.path, split: .validation)
        #expect(validation.histogram == [1, 1])
        #expect(try validation.record(at: 0).id == folder.path + "/val/a/1.jpg")
    }

    @Test("Images without class folders, empty channels and missing ones are told apart")
    func nothing() throws {
        let folder = try TemporaryFolder()
        #expect(message { _ = try ClassificationDataset(channel: folder.path) }.contains("holds nothing that classification reads"))
        #expect(message { _ = try ClassificationDataset(channel: folder.path + "/no") }.contains("there is no such file or folder"))
        try folder.touch("1.jpg", "2.jpg")
        #expect(message { _ = try ClassificationDataset(channel: folder.path) }.contains("its 2 images have no labels"))
        let empty = try TemporaryFolder()
        try empty.makeFolder("a")
        #expect(message { _ = try ClassificationDataset(channel: empty.path) }.contains("hold no JPEG or PNG images"))
        let path = try folder.write("x", to: "x.tfrecord")
        #expect(message { _ = try ClassificationDataset(channel: path) }.contains("none of the files that classification reads"))
    }

    @Test("num_classes that differs from the folders is an error with both numbers")
    func classCount() throws {
        let folder = try TemporaryFolder()
        try folder.touch("a/1.jpg", "b/1.jpg")
        #expect(try ClassificationDataset(channel: folder.path, classCount: 2).count == 2)
        let text = message { _ = try ClassificationDataset(channel: folder.path, classCount: 3) }
        #expect(text.contains("num_classes is 3 but there are 2 classes (a, b)"))
        #expect(
            message { _ = try ClassificationDataset(channel: folder.path, classCount: 0) }.hasPrefix("num_classes: 0 is not in 1…1000000"))
        #expect(message { _ = try ClassificationDataset(channel: folder.path, classCount: .max) }.contains("is not in 1…1000000"))
        let names = message { _ = try ClassificationDataset(channel: folder.path, classNames: ["a", "b"], classCount: 3) }
        #expect(names.contains("3 is not the number of class names, 2"))
    }

    // Skipped without the real data.
    @Test("TrashNet's folders, its list and its root are the same data", .enabled(if: SharedData.holds("trashnet/train")))
    func trashnet() throws {
        let folders = try ClassificationDataset(channel: SharedData.path("trashnet/train"))
        #expect(folders.classNames == ["cardboard", "glass", "metal", "paper", "plastic", "trash"])
        #expect(folders.histogram == [90, 90, 90, 90, 90, 90])
        let list = try ClassificationDataset(
            channel: SharedData.path("trashnet/train"), list: SharedData.path("trashnet/train.lst"), classCount: 6)
        #expect(list.classNames == folders.classNames)
        #expect(list.warnings.isEmpty)
        func pairs(_ data: ClassificationDataset) throws -> Set<String> {
            Set(try (0..<data.count).map { try "\(data.record(at: $0).id) \(data.record(at: $0).label)" })
        }
        #expect(try pairs(list) == pairs(folders))
        let validation = try ClassificationDataset(channel: SharedData.path("trashnet"), split: .validation)
        #expect(validation.histogram == [30, 30, 30, 30, 30, 30])
        #expect(validation.source.contains("validation.lst"))
        try validation.check(classCount: 6, sampleCount: 180)
    }
}
