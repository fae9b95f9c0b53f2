import Datasets
import Imaging
import Testing

@Suite("CIFAR binary")
struct CIFARTests {
    /// A record whose planes count up from a value of their own.
    private func record(labels: [UInt8], red: UInt8) -> [UInt8] {
        labels + (0..<3072).map { UInt8(truncatingIfNeeded: Int(red) + $0 % 1024 + 50 * ($0 / 1024)) }
    }

    private func image(_ data: ClassificationDataset, _ index: Int) throws -> Image? {
        if case .pixels(let image) = try data.record(at: index).payload { return image }
        return nil
    }

    @Test("Planes become interleaved pixels, over the borders of files")
    func pixels() throws {
        let folder = try TemporaryFolder()
        try folder.write(record(labels: [3], red: 0) + record(labels: [9], red: 7), to: "data_batch_1.bin")
        try folder.write(record(labels: [0], red: 100), to: "data_batch_2.bin")
        try folder.write(record(labels: [1], red: 200), to: "test_batch.bin")
        let data = try ClassificationDataset(channel: folder.path)
        #expect(data.labels == [.single(3), .single(9), .single(0)])
        #expect(data.classNames == (0..<10).map(String.init))
        let image = try #require(try image(data, 2))
        #expect((image.width, image.height, image.channels) == (32, 32, 3))
        #expect(Array(image.pixels[0..<6]) == [100, 150, 200, 101, 151, 201])
        #expect(Array(image.pixels[(3 * 33)..<(3 * 34)]) == [133, 183, 233])
        #expect(try data.record(at: 2).id == folder.path + "/data_batch_2.bin, record 0")
        let test = try ClassificationDataset(channel: folder.path, split: .validation)
        #expect(test.labels == [.single(1)])
        #expect(try ClassificationDataset(channel: folder.path + "/data_batch_1.bin").count == 2)
    }

    @Test("CIFAR-100 has two label bytes, of which the fine one counts")
    func cifar100() throws {
        let folder = try TemporaryFolder()
        try folder.write(record(labels: [19, 99], red: 1), to: "train.bin")
        try folder.write(record(labels: [0, 49], red: 2), to: "test.bin")
        let data = try ClassificationDataset(channel: folder.path)
        #expect(data.labels == [.single(99)])
        #expect(data.classNames.count == 100)
        #expect(try image(data, 0)?.pixels[0..<3] == [1, 51, 101])
        try folder.write((0..<100).map { "class \($0)" }.joined(separator: "\n"), to: "fine_label_names.txt")
        #expect(try ClassificationDataset(channel: folder.path, split: .validation).classNames[49] == "class 49")
    }

    @Test("A cut file, an empty one, a label out of range and mixed datasets are errors")
    func broken() throws {
        let folder = try TemporaryFolder()
        let path = try folder.write(record(labels: [3], red: 0).dropLast(), to: "data_batch_1.bin")
        #expect(message { _ = try ClassificationDataset(channel: path) }.contains("3072 bytes are no whole number of CIFAR records"))
        try folder.write([UInt8](), to: "data_batch_1.bin")
        #expect(message { _ = try ClassificationDataset(channel: path) }.contains("0 bytes are no whole number"))
        try folder.write(record(labels: [3], red: 0) + record(labels: [10], red: 0), to: "data_batch_1.bin")
        let label = message { _ = try ClassificationDataset(channel: path) }
        #expect(label == "\(path), record 1: label 10 is not in 0…9 (num_classes is 10); correct the label, or num_classes")
        try folder.write(record(labels: [3, 3], red: 0), to: "data_batch_2.bin")
        #expect(message { _ = try ClassificationDataset(channel: folder.path) }.contains("it is CIFAR-100 but"))
    }

    @Test("The names of classes must be as many as num_classes")
    func names() throws {
        let folder = try TemporaryFolder()
        try folder.write(record(labels: [1], red: 0), to: "data_batch_1.bin")
        try folder.write("a\nb\n\n", to: "batches.meta.txt")
        #expect(try ClassificationDataset(channel: folder.path).classNames == ["a", "b"])
        #expect(
            message { _ = try ClassificationDataset(channel: folder.path, classCount: 10) }.contains("num_classes is 10 but there are 2"))
        try folder.write("a\na\n", to: "batches.meta.txt")
        #expect(message { _ = try ClassificationDataset(channel: folder.path) }.contains("classes 0 and 1 are both called 'a'"))
    }

    @Test("A folder that has only the other half gives it, with a warning")
    func onlyOtherHalf() throws {
        let folder = try TemporaryFolder()
        try folder.write(record(labels: [1], red: 0), to: "data_batch_1.bin")
        #expect(try ClassificationDataset(channel: folder.path).warnings.isEmpty)
        let data = try ClassificationDataset(channel: folder.path, split: .validation)
        #expect(data.count == 1)
        #expect(data.warnings.count == 1 && data.warnings[0].contains("these are training data, but they are used as validation data"))
    }

    // Skipped without the real data.
    @Test("In the real subset record i has class i mod 10", .enabled(if: SharedData.holds("cifar10")))
    func real() throws {
        let data = try ClassificationDataset(channel: SharedData.path("cifar10"), split: .validation, classCount: 10)
        #expect(data.count == 5000)
        #expect(data.classNames[0] == "airplane" && data.classNames[9] == "truck")
        #expect(data.labels == ClassificationLabels((0..<5000).map { .single($0 % 10) }))
        #expect(try data.record(at: 17).id.hasSuffix("test_batch.bin, record 17"))
        #expect(try image(data, 4999)?.pixels.count == 3072)
    }
}
