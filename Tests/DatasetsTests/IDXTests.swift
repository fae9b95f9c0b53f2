import Datasets
import Imaging
import Testing

@Suite("IDX")
struct IDXTests {
    private func big(_ values: Int...) -> [UInt8] {
        values.flatMap { value in stride(from: 24, through: 0, by: -8).map { UInt8(truncatingIfNeeded: value >> $0) } }
    }

    /// Three images of 2 rows and 3 columns with the bytes 0…17.
    private var images: [UInt8] { big(0x803, 3, 2, 3) + (0..<18).map(UInt8.init) }
    private var labels: [UInt8] { big(0x801, 3) + [7, 0, 9] }

    private func image(_ data: ClassificationDataset, _ index: Int) throws -> Image? {
        if case .pixels(let image) = try data.record(at: index).payload { return image }
        return nil
    }

    @Test("Plain and gzipped files, also mixed, give the same records", arguments: [(false, false), (true, true), (true, false)])
    func reads(imagesCompressed: Bool, labelsCompressed: Bool) throws {
        let folder = try TemporaryFolder()
        try folder.write(imagesCompressed ? gzip(images) : images, to: "train-images-idx3-ubyte" + (imagesCompressed ? ".gz" : ""))
        try folder.write(labelsCompressed ? gzip(labels) : labels, to: "train-labels-idx1-ubyte" + (labelsCompressed ? ".gz" : ""))
        let data = try ClassificationDataset(channel: folder.path)
        #expect(data.labels == [.single(7), .single(0), .single(9)])
        #expect(data.classNames == (0..<10).map(String.init))
        let second = try #require(try image(data, 1))
        #expect((second.width, second.height, second.channels) == (3, 2, 1))
        #expect(second.pixels == [6, 7, 8, 9, 10, 11])
        #expect(try data.record(at: 2).id.hasSuffix(", record 2"))
    }

    @Test("Training and test halves of one folder are told apart, and classes.txt names the classes")
    func halves() throws {
        let folder = try TemporaryFolder()
        try folder.write(images, to: "train-images.idx3-ubyte")
        try folder.write(labels, to: "train-labels.idx1-ubyte")
        try folder.write(big(0x803, 1, 1, 1) + [5], to: "t10k-images.idx3-ubyte")
        try folder.write(big(0x801, 1) + [4], to: "t10k-labels.idx1-ubyte")
        try folder.write((0..<10).map { "garment \($0)" }.joined(separator: "\n"), to: "classes.txt")
        #expect(try ClassificationDataset(channel: folder.path).count == 3)
        let test = try ClassificationDataset(channel: folder.path, split: .validation)
        #expect(test.labels == [.single(4)])
        #expect(test.classNames[4] == "garment 4")
        #expect(try ClassificationDataset(channel: folder.path + "/t10k-images.idx3-ubyte").count == 1)
    }

    @Test("Members of a gzip file that follow each other are one content")
    func members() throws {
        let folder = try TemporaryFolder()
        try folder.write(gzip(Array(images.prefix(20))) + gzip(Array(images.dropFirst(20))) + [0, 0], to: "train-images-idx3-ubyte.gz")
        try folder.write(labels, to: "train-labels-idx1-ubyte")
        let data = try ClassificationDataset(channel: folder.path)
        #expect(try image(data, 2)?.pixels == [12, 13, 14, 15, 16, 17])
    }

    @Test("Cut, overlong, mistaken and lying files are errors, packed or not", arguments: [false, true])
    func broken(compressed: Bool) throws {
        func failure(_ images: [UInt8], _ labels: [UInt8]?) throws -> String {
            let folder = try TemporaryFolder()
            try folder.write(compressed ? gzip(images) : images, to: "train-images-idx3-ubyte")
            if let labels { try folder.write(compressed ? gzip(labels) : labels, to: "train-labels-idx1-ubyte") }
            return message { _ = try ClassificationDataset(channel: folder.path) }
        }
        #expect(try failure(images.dropLast(), labels).contains("its header promises 3 × 2 × 3 bytes, 17 follow"))
        #expect(try failure(images + [0], labels).contains("its header promises 3 × 2 × 3 bytes"))
        #expect(try failure(Array(images.prefix(10)), labels).contains("its header is cut"))
        #expect(try failure([], labels).contains("its magic number is missing"))
        #expect(try failure(labels, labels).contains("its magic number is 801, not 803"))
        #expect(try failure(images, images).contains("its magic number is 803, not 801"))
        #expect(try failure(images, big(0x801, 2) + [1, 2]).contains("2 labels for the 3 images"))
        #expect(try failure(images, nil).contains("there is no label file 'train-labels-idx1-ubyte' beside it"))
        // Sizes whose product does not fit 64 bits, and sizes that would need all memory.
        #expect(try failure(big(0x803, 0xFFFF_FFFF, 0xFFFF_FFFF, 0xFFFF_FFFF), labels).contains("its header promises"))
        #expect(try failure(big(0x803, 0x7FFF_FFFF, 28, 28), labels).contains("its header promises"))
        #expect(try failure(big(0x803, 3, 0, 3), labels).contains("0 rows and 3 columns"))
    }

    @Test("A gzip file that is cut or damaged is named as such")
    func damagedGzip() throws {
        let folder = try TemporaryFolder()
        let content = big(0x803, 200, 8, 8) + (0..<12800).map { UInt8(truncatingIfNeeded: $0 &* $0 >> 3) }
        let packed = gzip(content)
        let path = try folder.write(packed.dropLast(30), to: "train-images-idx3-ubyte.gz")
        #expect(message { _ = try ClassificationDataset(channel: path) }.contains("the gzip stream is cut"))
        var damaged = packed
        damaged[packed.count - 6] ^= 0x55
        try folder.write(damaged, to: "train-images-idx3-ubyte.gz")
        #expect(message { _ = try ClassificationDataset(channel: path) }.contains("the gzip stream is damaged"))
    }
}
