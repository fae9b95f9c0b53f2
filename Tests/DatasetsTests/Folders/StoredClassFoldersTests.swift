import Datasets
import Imaging
import Storage
import Testing

@Suite("Class folders in any store")
struct StoredClassFoldersTests {
    private let names = [
        "a/1.jpg", "a/sub/x.jpg", "a/sub.jpg", "a/sub-y.png", "a-b/1.jpg", "B/1.jpg", "B/deep/er/2.jpg", "b/1.jpeg", "notes.txt", "b/x.txt",
    ]

    @Test("A bucket gives the classes, the order and the warnings of the same folders on disk, and reads no picture")
    func sameAsLocal() throws {
        let folder = try TemporaryFolder()
        for name in names { try folder.write(picture(name), to: name) }
        let bucket = BucketInMemory(Dictionary(uniqueKeysWithValues: names.map { ($0, picture($0)) }))
        let (local, stored) = (try ClassFolders(LocalStore(folder.path)), try ClassFolders(bucket))
        #expect(bucket.reads.isEmpty)
        #expect(stored.classNames == ["B", "a", "a-b", "b"] && local.classNames == stored.classNames)
        #expect(try contents(local) == contents(stored))
        #expect(try contents(stored).first == "B/1.jpg label(Datasets.ClassificationLabel.single(0)) B/1.jpg")
        func warnings(_ data: ClassFolders, _ place: String) -> [String] { data.warnings.map { $0.replacing(place, with: "") } }
        #expect(warnings(local, folder.path) == warnings(stored, bucket.place))
        #expect(try ClassFolders(ChannelFiles(LocalStore(folder.path))).count == local.count)
    }

    @Test("Any channel of classes trains: labels come without reading a picture, names from the model")
    func dataset() throws {
        let bucket = BucketInMemory(["cat/1.jpg": picture("c"), "dog/1.jpg": picture("d"), "dog/2.jpg": picture("e")])
        let data = try ClassificationDataset(ClassFolders(bucket))
        #expect(data.histogram == [1, 2] && data.classNames == ["cat", "dog"] && bucket.reads.isEmpty)
        #expect(try data.record(at: 2).id == "s3://bucket/data/dog/2.jpg")
        #expect(try data.record(at: 2).payload.encodedBytes() == picture("e"))
        let ordered = try ClassificationDataset(ClassFolders(bucket, classNames: ["dog", "cat"]), classNames: ["dog", "cat"])
        #expect(ordered.histogram == [2, 1])
        #expect(
            message { _ = try ClassFolders(bucket, classNames: ["dog"]) }.contains(
                "its classes differ from the 1 expected ones (extra: cat)"))
        #expect(message { _ = try ClassificationDataset(ClassFolders(bucket), classCount: 3) }.contains("num_classes is 3 but there are 2"))
        #expect(message { _ = try ClassificationDataset(ClassFolders(bucket), classCount: .max) }.contains("is not in 1…1000000"))
    }

    @Test("classes.txt numbers the folders and keeps a class without pictures, unless it leaves a folder out")
    func classesFile() throws {
        let folder = try TemporaryFolder()
        try folder.touch("a/1.jpg", "b/1.jpg", "b/2.jpg")
        try folder.write("b\nempty\na\n", to: "classes.txt")
        let data = try ClassificationDataset(channel: folder.path)
        #expect(data.classNames == ["b", "empty", "a"] && data.histogram == [2, 0, 1])
        #expect(data.warnings == ["\(folder.path)/empty: the class has no images"])
        // A model's order comes first.
        #expect(try ClassificationDataset(channel: folder.path, classNames: ["a", "b"]).histogram == [1, 2])
        try folder.write("b\nempty\n", to: "classes.txt")
        let byName = try ClassificationDataset(channel: folder.path)
        #expect(byName.classNames == ["a", "b"] && byName.warnings[0].contains("does not name the folders a, so classes are numbered by"))
    }

    @Test("A prefix without folders, and folders without pictures, are told apart; a console's folder marks are classes")
    func nothing() throws {
        #expect(message { _ = try ClassFolders(BucketInMemory(["1.jpg": [], "2.jpg": []])) }.contains("its 2 images have no labels"))
        #expect(message { _ = try ClassFolders(BucketInMemory(["a/1.txt": []])) }.contains("its 1 class folders hold no JPEG or PNG"))
        #expect(message { _ = try ClassFolders(BucketInMemory()) }.contains("it holds no files"))
        let marked = try ClassFolders(BucketInMemory(["a/": [], "b/": [], "b/1.jpg": []]))
        #expect(marked.classNames == ["a", "b"] && marked.count == 1)
        #expect(message { _ = try marked.record(at: 1) }.contains("there is no record 1"))
    }

    @Test("A data set of another task, or with a label of nonsense, is refused before anything is allocated for it")
    func otherTasks() throws {
        struct One: AnnotatedImages {
            var annotationOfAll: Annotation
            var task: VisionTask
            let classNames: [String]? = nil
            let source = "one.rec"
            let count = 1
            func record(at index: Int) throws -> AnnotatedImage {
                AnnotatedImage(name: "0", payload: .encoded([]), annotation: annotationOfAll, place: "one.rec, record 0")
            }
        }
        #expect(
            message { _ = try ClassificationDataset(One(annotationOfAll: .boxes([]), task: .detection)) }
                == "one.rec: it is for detection, not classification; give a data set with one class, or several, for each picture")
        for wrong in [Int.max, 1_000_000_000, -1, .min] {
            let text = message { _ = try ClassificationDataset(One(annotationOfAll: .label(.single(wrong)), task: .classification)) }
            #expect(text.hasPrefix("one.rec") && text.contains("label \(wrong) is"))
        }
        #expect(
            message { _ = try ClassificationDataset(One(annotationOfAll: .boxes([]), task: .classification)) }.contains("no class label"))
    }

    @Test("A data set of pixels is seen as pictures whose names are their numbers")
    func pixels() throws {
        struct Pixels: ClassificationStorage {
            let count = 11
            func name(at index: Int) -> String { "x.bin, record \(index)" }
            func payload(at index: Int) throws -> ImagePayload { .pixels(try Image(width: 1, height: 1, filledWith: [UInt8(index)])) }
        }
        let data = try ClassificationDataset(
            storage: Pixels(), labels: (0..<11).map { .single($0 % 2) }, classNames: ["even", "odd"], source: "x.bin")
        let odd = try data.subset([1, 9, 10], called: "part").annotatedImages
        #expect(try (0..<3).map { try odd.record(at: $0).name } == ["01", "09", "10"])
        #expect(try odd.record(at: 1).place == "x.bin, record 9" && odd.classNames == ["even", "odd"])
        #expect(message { _ = try odd.record(at: 3) }.contains("there is no record 3"))
        #expect(message { _ = try odd.annotation(at: 3) }.contains("there is no record 3"))
        let bytes = try odd.record(at: 1).payload.encodedBytes()
        #expect(try Image(decoding: bytes, channels: .grey).pixels == [9])
    }
}
