import Datasets
import Imaging
import Storage
import Testing

@Suite("Channels opened for the data check")
struct CheckedChannelTests {
    private func open(_ location: String, _ change: (inout AnnotatedChannel) -> Void = { _ in }) throws -> any AnnotatedImages {
        var channel = AnnotatedChannel(location)
        change(&channel)
        return try CheckedChannel(channel).open(DataCheck.KnownClasses())
    }

    @Test("A list with broken lines and lost pictures is opened, given or found, and each is an error of its record")
    func lists() throws {
        let folder = try TemporaryFolder()
        try folder.touch("train/a.jpg", "train/b.jpg")
        try folder.write("0\t0\ta.jpg\n1 0 b.jpg\n2\t0\tlost.jpg\n", to: "train.lst")
        let found = try [
            open(folder.path), open(folder.path + "/train.lst"), open(folder.path + "/train") { $0.list = folder.path + "/train.lst" },
        ]
        for images in found {
            #expect(images.count == 3 && (try? images.record(at: 0)) != nil)
            #expect(message { _ = try images.record(at: 1) }.contains("separated by spaces"))
            #expect(message { _ = try images.record(at: 2) }.contains("'lost.jpg' is not in"))
        }
        let missing = message { _ = try open(folder.path + "/no") { $0.list = folder.path + "/train.lst" } }
        #expect(missing.contains("/no: the folder of the images"))
    }

    @Test("The validation half of a folder that holds both is found")
    func halves() throws {
        let folder = try TemporaryFolder()
        let record = [UInt8](repeating: 1, count: 3073)
        try folder.write(record + record, to: "data_batch_1.bin")
        try folder.write(record, to: "test_batch.bin")
        #expect(try open(folder.path).count == 2)
        #expect(try open(folder.path) { $0.channel = DataCheck.validation }.count == 1)
    }

    @Test("RecordIO with a broken label is opened, its task given or not")
    func records() throws {
        let folder = try TemporaryFolder()
        let writer = try RecordIOImageWriter(LocalStore(folder.path), name: "train")
        for label in 0..<3 {
            try writer.write(
                AnnotatedImage(name: "\(label)", payload: .pixels(sample(label)), annotation: .label(.single(label)), place: ""))
        }
        try writer.finish()
        var bytes = try LocalStore(folder.path).bytes(of: "train.rec")
        // The float of the first record's label becomes a half.
        bytes.replaceSubrange(12..<16, with: [0, 0, 0, 0x3F])
        try folder.write(bytes, to: "train.rec")
        for task in [nil, VisionTask.classification] {
            let images = try open(folder.path) { $0.task = task }
            #expect(images.count == 3 && images.task == .classification)
            #expect(try report(images).counts[.wrongLabel] == 1)
        }
    }

    @Test("A manifest's attributes are chosen where its first line leaves a choice")
    func attributes() throws {
        let folder = try TemporaryFolder()
        try folder.write(#"{"source-ref": "a.jpg", "animal": 1, "colour": 4}"# + "\n", to: "train.manifest")
        #expect(message { _ = try open(folder.path + "/train.manifest") }.contains("more than one attribute"))
        var channel = CheckedChannel(AnnotatedChannel(folder.path + "/train.manifest"))
        channel.channel.attributeNames = ["source-ref", "colour"]
        guard case .label(.single(4)) = try channel.open(DataCheck.KnownClasses()).annotation(at: 0) else {
            Issue.record("the label is the second attribute's")
            return
        }
    }
}
