import Datasets
import Imaging
import Storage
import Testing

/// A folder in SageMaker's layout: four pictures of 6 × 4 whose masks show classes 0 to 3, one each, with a stripe of holes.
struct SegmentationFolder {
    let folder: TemporaryFolder

    init() throws {
        folder = try TemporaryFolder()
        for number in 0..<4 {
            try folder.write(Image(width: 6, height: 4, filledWith: [9, 9, UInt8(number)]).encodedJPEG(), to: "train/\(number).jpg")
            try write(mask: UInt8(number), to: number)
        }
    }

    /// Rows of one class below a row of holes.
    func write(mask value: UInt8, to number: Int) throws {
        let rows = [[UInt8](repeating: 255, count: 6)] + [[UInt8]](repeating: [UInt8](repeating: value, count: 6), count: 3)
        try folder.write(
            maskPNG(width: 6, height: 4, depth: 8, colourType: 3, rows: rows, colours: 256), to: "train_annotation/\(number).png")
    }

    func open(_ classCount: Int? = nil, names: [String]? = nil) throws -> SegmentationDataset {
        var channel = SegmentationChannel(folder.path)
        (channel.classCount, channel.classNames) = (classCount, names)
        return try channel.openDataset()
    }
}

@Suite("Data sets for segmentation")
struct SegmentationDatasetTests {
    @Test("Pictures and masks are paired; classes are counted in the masks where nobody says how many there are")
    func opens() throws {
        let data = try SegmentationFolder()
        let dataset = try data.open()
        #expect(dataset.count == 4 && dataset.classNames == ["0", "1", "2", "3"] && dataset.warnings.isEmpty)
        let record = try dataset.record(at: 2)
        #expect(record.id == data.folder.path + "/train/2.jpg" && record.maskPlace == data.folder.path + "/train_annotation/2.png")
        let mask = try record.decodedMask()
        #expect(mask.size == PixelSize(width: 6, height: 4))
        #expect(mask.classIDs == [UInt8](repeating: 255, count: 6) + [UInt8](repeating: 2, count: 18))
        #expect(try data.open(9).classNames.count == 9)
        try data.folder.write("sky\nroad\ntree\ncar\n", to: "classes.txt")
        #expect(try data.open().classNames == ["sky", "road", "tree", "car"])
        #expect(message { _ = try data.open(5) }.contains("num_classes is 5 but there are 4 classes"))
    }

    @Test("A class that num_classes leaves no room for is an error of its mask that names file, class and how many pixels")
    func unknownClass() throws {
        let data = try SegmentationFolder()
        let record = try data.open(3).record(at: 3)
        #expect(
            message { _ = try record.decodedMask() }
                == "\(data.folder.path)/train_annotation/3.png: 18 of its pixels have class 3, but it is not in 0…2 (num_classes is 3); "
                + "correct the mask, num_classes or the label map; 255 is for pixels without a class")
        #expect(try data.open(4).record(at: 3).decodedMask().highestClass == 3)
    }

    @Test("A picture without a mask stops opening, and so do masks of another size, in colours, of 16 bits and in JPEG")
    func refused() throws {
        let data = try SegmentationFolder()
        let place = data.folder.path + "/train_annotation/1.png"
        let cases: [(mask: [UInt8], sentence: String)] = [
            (greyMask(width: 6, height: 5), "the mask has 6×5 pixels, its picture '\(data.folder.path)/train/1.jpg' 6×4"),
            (try Image(width: 6, height: 4, filledWith: [1, 2, 3]).encodedPNG(), "the PNG holds colours, not class ids"),
            (
                maskPNG(
                    width: 6, height: 4, depth: 16, colourType: 0, rows: [[UInt8]](repeating: [UInt8](repeating: 0, count: 12), count: 4)),
                "the PNG has 16 bits a pixel"
            ),
            (try Image(width: 6, height: 4, filledWith: [1]).encodedJPEG(), "a mask cannot be a JPEG"),
            ([], "Copy it again"),
        ]
        for (mask, sentence) in cases {
            try data.folder.write(mask, to: "train_annotation/1.png")
            for classCount in [nil, 4] {
                let said = message { _ = try data.open(classCount) }
                #expect(said.hasPrefix(place) && said.contains(sentence), "\(said)")
            }
        }
        try data.write(mask: 1, to: 1)
        try data.folder.write(Image(width: 6, height: 4, filledWith: [1, 1, 1]).encodedPNG(), to: "train/extra.png")
        #expect(message { _ = try data.open(4) }.contains("train/extra.png: the picture has no mask; add a PNG of the same base name"))
    }

    @Test("A mask of holes only is kept: it is warned about where masks are read, and has no class")
    func holes() throws {
        let data = try SegmentationFolder()
        try data.write(mask: 255, to: 0)
        let dataset = try data.open()
        #expect(dataset.warnings.count == 1)
        #expect(
            dataset.warnings[0].hasSuffix(
                "1 mask has no labelled pixel and teaches nothing; it is \(data.folder.path)/train_annotation/0.png"))
        #expect(try dataset.record(at: 0).decodedMask().highestClass == nil)
    }

    @Test("A PNG that says behind its pixels that it is to be turned is judged where it is read")
    func turned() throws {
        let data = try SegmentationFolder()
        try data.folder.write(Image(width: 4, height: 6, filledWith: [1, 1, 1]).encodedPNG(), to: "train/0.png")
        try data.folder.write([1], to: "train/0.jpg")
        let dataset = try data.open(4)
        let index = try #require(try (0..<dataset.count).first { try dataset.record(at: $0).id.hasSuffix("0.png") })
        #expect(message { _ = try dataset.record(at: index).decodedMask() }.contains("its picture '\(data.folder.path)/train/0.png' 4×6"))
    }

    @Test("The part held out and the rest make up the whole, the same for the same seed")
    func split() throws {
        let dataset = try SegmentationFolder().open()
        let parts = try dataset.split(fraction: 0.5, seed: 3)
        let names = try [parts.training, parts.validation].map { part in try (0..<part.count).map { try part.record(at: $0).id } }
        #expect(names.map(\.count) == [2, 2] && Set(names.joined()).count == 4)
        #expect(parts.validation.classNames == dataset.classNames && parts.validation.source.hasSuffix("50.0 % held out"))
        let again = try dataset.split(fraction: 0.5, seed: 3)
        #expect(try (0..<2).map { try again.training.record(at: $0).id } == names[0])
        #expect(throws: DatasetError.self) { try dataset.split(fraction: 1, seed: 0) }
        #expect(throws: DatasetError.self) { try parts.training.record(at: 2) }
    }

    @Test("CamVid's masks hold eleven classes", .enabled(if: SharedData.holds("camvid")))
    func camVid() throws {
        var channel = SegmentationChannel(SharedData.path("camvid"))
        channel.channel = "validation"
        let dataset = try channel.openDataset()
        #expect(dataset.count == 101 && dataset.classNames.count == 11)
    }
}
