import Datasets
import Imaging
import Tasks
import Testing
import Weights

struct TransformTests {
    /// A picture whose pixel (x, y) is (x, y, 7).
    static func ramp(_ width: Int, _ height: Int) throws -> Image {
        try Image(
            width: width, height: height, channels: 3,
            pixels: (0..<height).flatMap { y in (0..<width).flatMap { x in [UInt8(x), UInt8(y), 7] } })
    }

    static func run(
        _ image: Image, _ preprocessing: PreprocessingDescription, _ augmentation: ClassificationHyperparameters.Augmentation? = nil,
        padding: Int = 0, seed: UInt64 = 1
    ) throws -> Image {
        let transform = ClassificationTransform(preprocessing, augmentation: augmentation, cropPadding: padding)
        var pixels = [UInt8](repeating: 0, count: transform.byteCount)
        var random = RandomStream(seed: seed, epoch: 0, index: 0)
        try pixels.withUnsafeMutableBufferPointer { try transform.write(.pixels(image), named: "ramp", into: $0, random: &random) }
        return try Image(width: preprocessing.width, height: preprocessing.height, channels: preprocessing.channels, pixels: pixels)
    }

    @Test("Without augmentation the centre is taken, the same every time")
    func centre() throws {
        let out = try Self.run(Self.ramp(40, 20), PreprocessingDescription(channels: 3, height: 10, width: 10))
        #expect(out == (try Self.ramp(40, 20).cropped(to: PixelRect(x: 15, y: 5, width: 10, height: 10))))
    }

    @Test("An image that is too small is enlarged to cover the input")
    func enlarged() throws {
        let out = try Self.run(Self.ramp(8, 5), PreprocessingDescription(channels: 3, height: 32, width: 32))
        #expect(out.width == 32 && out.height == 32)
        // The third channel is constant, so nothing but the picture was seen.
        #expect(stride(from: 2, to: out.pixels.count, by: 3).allSatisfy { out.pixels[$0] == 7 })
    }

    @Test("The shorter side is scaled before the crop")
    func resized() throws {
        let out = try Self.run(Self.ramp(80, 40), PreprocessingDescription(channels: 3, height: 20, width: 20, resizeShorterSide: 20))
        // 80 × 40 becomes 40 × 20; its centre shows columns 20 to 60 of the original.
        #expect(abs(Int(out.pixels[0]) - 20) <= 1)
        #expect(abs(Int(out.pixels[19 * 3]) - 58) <= 1)
    }

    @Test("Random crops stay inside, reach both edges, and flip about half of the time")
    func crops() throws {
        let shape = PreprocessingDescription(channels: 3, height: 16, width: 16)
        var lefts: Set<Int> = []
        var flips = 0
        for seed in 0..<400 {
            let out = try Self.run(Self.ramp(20, 20), shape, .crop, seed: UInt64(seed))
            let first = Int(out.pixels[0])
            let last = Int(out.pixels[15 * 3])
            #expect(abs(first - last) == 15)
            if first > last { flips += 1 }
            lefts.insert(min(first, last))
        }
        #expect(lefts == [0, 1, 2, 3, 4])
        #expect((150...250).contains(flips))
    }

    @Test("An image of the input's own size is padded with black for small networks, as the ResNet paper does")
    func padded() throws {
        let image = try Image(width: 32, height: 32, filledWith: [200, 200, 200])
        let shape = PreprocessingDescription(channels: 3, height: 32, width: 32)
        let outs = try (0..<50).map { try Self.run(image, shape, .crop, padding: 4, seed: UInt64($0)) }
        #expect(outs.contains { $0.pixels.contains(0) })
        #expect(outs.allSatisfy { $0.pixels.filter { $0 == 0 }.count <= (32 * 32 - 28 * 28) * 3 })
        #expect(try Self.run(image, shape, nil, padding: 4) == image)
    }

    @Test("Every augmentation is a function of seed, epoch and index", arguments: ClassificationHyperparameters.Augmentation.allCases)
    func deterministic(augmentation: ClassificationHyperparameters.Augmentation) throws {
        let shape = PreprocessingDescription(channels: 3, height: 24, width: 24, resizeShorterSide: 30)
        let image = try Self.ramp(60, 50)
        let a = try Self.run(image, shape, augmentation, seed: 3)
        #expect(try Self.run(image, shape, augmentation, seed: 3) == a)
        #expect(try (4..<8).contains { try Self.run(image, shape, augmentation, seed: $0) != a })
    }

    @Test("Colour shifts change grey input not at all")
    func grey() throws {
        let image = try Image(width: 28, height: 28, channels: 1, pixels: [UInt8](repeating: 90, count: 784))
        let out = try Self.run(image, PreprocessingDescription(channels: 1, height: 28, width: 28), .cropColor)
        #expect(out.pixels.allSatisfy { $0 == 90 })
    }

    @Test("A damaged image is named in the error")
    func damaged() throws {
        let transform = ClassificationTransform(PreprocessingDescription(channels: 3, height: 8, width: 8))
        var pixels = [UInt8](repeating: 0, count: transform.byteCount)
        var random = RandomStream(seed: 0, epoch: 0, index: 0)
        let error = #expect(throws: ImagingError.self) {
            try pixels.withUnsafeMutableBufferPointer {
                try transform.write(.encoded(Array("no image".utf8)), named: "shelf/cat.jpg", into: $0, random: &random)
            }
        }
        #expect(error?.description.contains("shelf/cat.jpg") == true)
    }
}
