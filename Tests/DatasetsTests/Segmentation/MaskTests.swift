import Datasets
import Foundation
import Imaging
import Testing

@Suite("Masks")
struct MaskTests {
    // Values from Pillow 12: numpy.array(Image.open(…)) of the same bytes.
    @Test(
        "Greyscale gives Pillow's values, a palette its indices and never colours",
        arguments: [
            (8, 0, [0, 1, 200, 255], [0, 1, 200, 255], 0), (1, 0, [0xA0], [1, 0, 1, 0], 0), (2, 0, [0x1B], [0, 85, 170, 255], 0),
            (4, 0, [0x0F, 0x17], [0, 255, 17, 119], 0), (1, 3, [0xA0], [1, 0, 1, 0], 2), (2, 3, [0x1B], [0, 1, 2, 3], 4),
            (4, 3, [0x0F, 0x17], [0, 15, 1, 7], 16), (8, 3, [0, 1, 200, 255], [0, 1, 200, 255], 256),
            (8, 4, [7, 0, 3, 255, 0, 9, 255, 1], [7, 3, 0, 255], 0),
        ] as [(UInt8, UInt8, [UInt8], [UInt8], Int)])
    func values(depth: UInt8, colourType: UInt8, row: [UInt8], expected: [UInt8], colours: Int) throws {
        let png = maskPNG(width: 4, height: 2, depth: depth, colourType: colourType, rows: [row, row], colours: colours)
        let mask = try Mask.decode(png)
        #expect(mask.size == PixelSize(width: 4, height: 2))
        #expect(mask.classIDs == expected + expected)
        #expect(try Mask.size(of: png) == mask.size)
    }

    @Test("What is no mask is refused with the way to make one")
    func refused() throws {
        let deep = maskPNG(width: 2, height: 1, depth: 16, colourType: 0, rows: [[0, 1, 0, 2]])
        #expect(
            message { _ = try Mask.decode(deep, place: "a.png") }
                == "a.png: the PNG has 16 bits a pixel, and class ids have 8; save it as 8-bit greyscale PNG "
                + "(in Python: Image.fromarray(values.astype('uint8')))")
        let colour = maskPNG(width: 1, height: 1, depth: 8, colourType: 2, rows: [[1, 1, 1]])
        let alpha = maskPNG(width: 1, height: 1, depth: 8, colourType: 6, rows: [[1, 1, 1, 255]])
        for bytes in [colour, alpha] {
            #expect(
                message { _ = try Mask.decode(bytes, place: "a.png") }.hasPrefix("a.png: the PNG holds colours, not class ids; save it"))
            #expect(message { _ = try Mask.size(of: bytes) }.contains("not class ids"))
        }
        let jpeg = try Image(width: 8, height: 8, filledWith: [3]).encodedJPEG()
        #expect(message { _ = try Mask.decode(jpeg) }.hasPrefix("mask: a mask cannot be a JPEG"))
        #expect(message { _ = try Mask.decode([]) }.contains("empty (0 bytes)"))
        #expect(message { _ = try Mask.decode(Array("GIF89a…".utf8)) }.contains("a GIF"))
    }

    @Test("A few bytes that state a huge picture cost no memory")
    func huge() throws {
        let png = maskPNG(width: 16_000, height: 16_000, depth: 8, colourType: 0, rows: [[1, 2]])
        #expect(message { _ = try Mask.decode(png) }.contains("bytes cannot hold the 16000×16000 pixels that the header states"))
        let mask = greyMask(width: 3000, height: 3000)
        #expect(mask.count < 10_000)
        #expect(try Mask.decode(mask).classIDs.count == 9_000_000)
        #expect(message { _ = try Mask.decode(mask, options: .init(maximumPixels: 1000)) }.contains("at most 1000"))
    }

    @Test("A damaged mask is refused with its place, and never crashes")
    func damaged() throws {
        let good = maskPNG(
            width: 16, height: 16, depth: 4, colourType: 3, rows: (0..<16).map { row in (0..<8).map { UInt8(row * 16 + $0) } }, colours: 16)
        #expect(try Mask.size(of: Array(good.prefix(40))) == PixelSize(width: 16, height: 16))
        #expect(message { _ = try Mask.decode(Array(good.prefix(good.count - 40)), place: "x.png") }.hasPrefix("x.png: The PNG is damaged"))
        var refused = 0
        for index in 0..<300 {
            var random = RandomStream(seed: 5, epoch: 0, index: index)
            var bytes = good
            for _ in 0..<3 { bytes[Int.random(in: 8..<bytes.count, using: &random)] = UInt8.random(in: 0...255, using: &random) }
            do {
                _ = try Mask.decode(bytes)
            } catch is DatasetError {
                refused += 1
            }
        }
        #expect(refused > 200)
    }

    @Test("A mask that is written is read back, with and without a palette")
    func roundTrip() throws {
        let mask = try Mask(size: PixelSize(width: 16, height: 16), classIDs: (0...255).map { UInt8($0) })
        #expect(try Mask.decode(mask.encodedPNG()) == mask)
        #expect(try Mask.decode(mask.encodedPNG(palette: nil)) == mask)
        #expect(message { _ = try mask.encodedPNG(palette: Palette([.init(red: 0, green: 0, blue: 0)])) }.contains("beyond the palette"))
        #expect(message { _ = try Mask(size: PixelSize(width: 2, height: .max), classIDs: []) }.contains("0 class ids for"))
    }

    // Counts by numpy.bincount over Pillow's arrays of the same files. Skipped without the real data.
    @Test("CamVid's training masks hold exactly the values that Pillow reads", .enabled(if: SharedData.holds("camvid/train")))
    func camvid() throws {
        let folder = SharedData.path("camvid/train_annotation")
        var counts = [Int](repeating: 0, count: 256)
        for name in try FileManager.default.contentsOfDirectory(atPath: folder) {
            let mask = try Mask.decode([UInt8](Data(contentsOf: URL(fileURLWithPath: folder + "/" + name))), place: name)
            #expect(mask.size == PixelSize(width: 480, height: 360))
            for (value, count) in mask.histogram.enumerated() { counts[value] += count }
        }
        let classes = [10_682_767, 14_750_079, 623_349, 20_076_880, 2_845_085, 6_166_762, 743_859, 714_595, 3_719_877, 405_385, 184_967]
        #expect(counts == classes + [Int](repeating: 0, count: 244) + [2_503_995])
    }
}
