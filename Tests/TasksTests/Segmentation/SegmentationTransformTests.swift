import Datasets
import Imaging
import Testing
import Torch
import Weights

@testable import Tasks

/// A picture whose red is 20 times the class of its mask, class 0 to 9 in tiles; blue is always 200, which tells the picture from what
/// surrounds it.
private struct Tiles {
    let size: PixelSize
    let classes: [UInt8]

    init(width: Int, height: Int, tile: Int = 16) {
        size = PixelSize(width: width, height: height)
        classes = (0..<width * height).map { UInt8(($0 % width / tile * 3 + $0 / width / tile * 7) % 10) }
    }

    func record(isEncoded: Bool = false) throws -> SegmentationRecord {
        let image = try Image(
            width: size.width, height: size.height, channels: 3, pixels: classes.flatMap { [$0 * 20, 40, 200] })
        return SegmentationRecord(
            id: "tiles", payload: isEncoded ? .encoded(try image.encodedPNG()) : .pixels(image),
            mask: .pixels(try Image(width: size.width, height: size.height, channels: 1, pixels: classes)), classCount: 10)
    }
}

private func input(_ side: Int) -> PreprocessingDescription { PreprocessingDescription(channels: 3, height: side, width: side) }

private func run(
    _ record: SegmentationRecord, _ transform: SegmentationTransform, seed: UInt64 = 0
) throws -> (pixels: [UInt8], classes: [UInt8]) {
    var pixels = [UInt8](repeating: 77, count: transform.side * transform.side * 3)
    var classes = [UInt8](repeating: 77, count: transform.side * transform.side)
    var random = RandomStream(seed: seed, epoch: 0, index: 0)
    try pixels.withUnsafeMutableBufferPointer { pixels in
        try classes.withUnsafeMutableBufferPointer { try transform.write(record, into: pixels, classes: $0, random: &random) }
    }
    return (pixels, classes)
}

@Suite("Pictures and masks become inputs")
struct SegmentationTransformTests {
    @Test(
        "However a picture is scaled, cropped and mirrored, each pixel keeps its class, and no class is made up", arguments: [false, true])
    func together(isEncoded: Bool) throws {
        let tiles = Tiles(width: 200, height: 120)
        let record = try tiles.record(isEncoded: isEncoded)
        let transform = SegmentationTransform.training(input(96), baseSize: 150)
        var padded = 0
        for seed in 0..<40 {
            let (pixels, classes) = try run(record, transform, seed: UInt64(seed))
            #expect(Set(classes).isSubset(of: Set(0...9).union([255])))
            var (agree, inside) = (0, 0)
            for place in classes.indices where classes[place] != 255 {
                let (x, y) = (place % 96, place / 96)
                // Inside of a tile, where nothing is mixed.
                let around = [-3, 0, 3].flatMap { dy in [-3, 0, 3].map { dx in (x + dx, y + dy) } }
                guard around.allSatisfy({ (0..<96).contains($0) && (0..<96).contains($1) && classes[$1 * 96 + $0] == classes[place] })
                else {
                    continue
                }
                inside += 1
                // The class by the nearest red; brightness, contrast and saturation may move it by more than a class.
                let expected = Int(classes[place]) * 20
                if abs(Int(pixels[3 * place]) - expected) <= 75 { agree += 1 }
            }
            #expect(inside > 0 && agree == inside, "seed \(seed): \(agree) of \(inside)")
            padded += classes.contains(255) ? 1 : 0
        }
        #expect((5...39).contains(padded))
    }

    @Test("Where the crop reaches beyond the picture lie holes, in the mean colour, to the right and below")
    func padding() throws {
        let record = try Tiles(width: 40, height: 20).record()
        // The long side becomes 16 to 64 pixels of 96.
        let (pixels, classes) = try run(record, .training(input(96), baseSize: 32), seed: 1)
        #expect(classes[95 * 96 + 95] == 255 && Array(pixels.suffix(3)) == [124, 116, 104])
        let columns = (0..<96).filter { x in (0..<96).contains { classes[$0 * 96 + x] != 255 } }
        #expect((16...64).contains(columns.count) && (columns.first == 0 || columns.last == 95))
        #expect(classes[0..<96].contains { $0 != 255 })
    }

    @Test("A centre crop makes the short side as long as the crop: what is not scaled stays as it is")
    func centre() throws {
        let tiles = Tiles(width: 64, height: 48)
        let (pixels, classes) = try run(tiles.record(), .centre(input(48)))
        for y in 0..<48 {
            for x in 0..<48 {
                let expected = tiles.classes[y * 64 + x + 8]
                #expect(classes[y * 48 + x] == expected && pixels[3 * (y * 48 + x)] == expected * 20)
            }
        }
        // Larger and smaller: the same share of every class, within the edge of a tile.
        let double = try run(Tiles(width: 128, height: 96, tile: 32).record(), .centre(input(48))).classes
        #expect(zip(double, classes).count { $0 == $1 } == 48 * 48)
    }

    @Test("The same seed, epoch and record give the same example; another seed gives another")
    func repeats() throws {
        let record = try Tiles(width: 200, height: 120).record()
        let transform = SegmentationTransform.training(input(64), baseSize: 100)
        #expect(try run(record, transform, seed: 4) == run(record, transform, seed: 4))
        #expect(try run(record, transform, seed: 4) != run(record, transform, seed: 5))
    }

    @Test("A mask of another size and a class that there is not are errors that name the mask")
    func faults() throws {
        let tiles = try Tiles(width: 40, height: 20).record()
        let transform = SegmentationTransform.training(input(32), baseSize: 40)
        func said(_ mask: Image) throws -> String {
            let record = SegmentationRecord(id: "a.jpg", payload: tiles.payload, mask: .pixels(mask), maskPlace: "a.png", classCount: 3)
            do { _ = try run(record, transform) } catch { return "\(error)" }
            return "no error"
        }
        #expect(try said(Image(width: 40, height: 21, filledWith: [0])).contains("a.png: the mask has 40×21 pixels"))
        #expect(try said(Image(width: 40, height: 20, filledWith: [3])).contains("a.png: 800 of its pixels have class 3"))
        #expect(try said(Image(width: 40, height: 20, filledWith: [255])) == "no error")
    }

    @Test("A mini-batch holds pixels and classes of all slots, and counts the labelled ones")
    func batch() throws {
        let record = try Tiles(width: 48, height: 48).record()
        let builder = SegmentationBatchBuilder(record: { _, _ in record }, transform: .centre(input(48)))
        let batch = try builder.makeBatch(count: 2)
        for slot in 0..<2 { try builder.fill(batch, slot: slot, index: slot, epoch: 0) }
        let targets = try batch.targets(device: .cpu)
        #expect(targets.shape == [2, 48, 48] && targets.dtype == .uint8)
        #expect(try targets.bytes() == Array(batch.classes(slot: 0)) + Array(batch.classes(slot: 1)))
        #expect(batch.labelledPixels == 2 * 48 * 48)
        let image = try batch.input(mean: [0, 0, 0], std: [1, 1, 1], dtype: .float32, device: .cpu)
        #expect(image.shape == [2, 3, 48, 48])
    }
}
