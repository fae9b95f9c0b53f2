import Datasets
import Imaging
import Testing

@Suite("Masks of pictures that EXIF turns")
struct TurnedPictureTests {
    /// Stored as 4 × 2, upright 2 × 4.
    private func picture(_ orientation: UInt8, width: Int = 4) throws -> [UInt8] {
        try turnedJPEG(Image(width: width, height: 2, filledWith: [9, 9, 9]), orientation: orientation)
    }

    private func mask(width: Int, height: Int, _ classIDs: [UInt8]) throws -> [UInt8] {
        try Mask(size: PixelSize(width: width, height: height), classIDs: classIDs).encodedPNG()
    }

    // Expected by hand from the tag's definition: 6 is shown a quarter clockwise, 8 anticlockwise, 5 and 7 mirrored too.
    @Test(
        "A mask of the stored pixels is turned with its picture, from an opened folder as from a record",
        arguments: [
            (6, [4, 0, 5, 1, 6, 2, 7, 3]), (8, [3, 7, 2, 6, 1, 5, 0, 4]), (5, [0, 4, 1, 5, 2, 6, 3, 7]), (7, [7, 3, 6, 2, 5, 1, 4, 0]),
        ] as [(UInt8, [UInt8])])
    func stored(orientation: UInt8, expected: [UInt8]) throws {
        let folder = try TemporaryFolder()
        try folder.write(picture(orientation), to: "train/a.jpg")
        try folder.write(mask(width: 4, height: 2, [0, 1, 2, 3, 4, 5, 6, 7]), to: "train_annotation/a.png")
        for classCount in [nil, 8] {
            var channel = SegmentationChannel(folder.path)
            channel.classCount = classCount
            let found = try channel.openDataset().record(at: 0).decodedMask()
            #expect(found.size == PixelSize(width: 2, height: 4) && found.classIDs == expected)
        }
    }

    @Test("A mask of the upright pixels stays as it is, and one that fits neither way is refused")
    func upright() throws {
        let payload = ImagePayload.encoded(try picture(6))
        func record(_ mask: [UInt8]) -> SegmentationRecord {
            SegmentationRecord(id: "a.jpg", payload: payload, mask: .encoded(mask), maskPlace: "a.png", classCount: 8)
        }
        let classIDs: [UInt8] = [0, 1, 2, 3, 4, 5, 6, 7]
        #expect(try record(mask(width: 2, height: 4, classIDs)).decodedMask().classIDs == classIDs)
        #expect(message { _ = try record(mask(width: 8, height: 1, classIDs)).decodedMask() }.contains("the mask has 8×1 pixels"))
        // Stored upright: sides that are exchanged are a mistake.
        let plain = SegmentationRecord(
            id: "a.jpg", payload: .encoded(try picture(1)), mask: .encoded(try mask(width: 2, height: 4, classIDs)), classCount: 8)
        #expect(message { _ = try plain.decodedMask() }.contains("the mask has 2×4 pixels"))
    }

    @Test("The check accepts both ways, and notes pictures whose mask can't show which one it is")
    func check() throws {
        func found(_ picture: [UInt8], _ mask: [UInt8]) throws -> [String] {
            try report(SampleImages(mask: mask, on: .encoded(picture), labelMap: .identity)) { $0.classCount = 2 }.faults
                .map(\.kind.rawValue).filter { !["unused-class", "extreme-size"].contains($0) }
        }
        let (lying, standing) = (
            try mask(width: 4, height: 2, [0, 1, 0, 1, 0, 1, 0, 1]), try mask(width: 2, height: 4, [0, 1, 0, 1, 0, 1, 0, 1])
        )
        #expect(try found(picture(6), lying).isEmpty)
        #expect(try found(picture(6), standing).isEmpty)
        #expect(try found(picture(1), lying).isEmpty)
        #expect(try found(picture(1), standing) == ["wrong-mask-size"])
        #expect(try found(picture(3), lying) == ["turned-picture"])
        #expect(try found(picture(3), standing) == ["wrong-mask-size"])
        #expect(try found(picture(6, width: 2), mask(width: 2, height: 2, [0, 1, 0, 1])) == ["turned-picture"])
    }
}
