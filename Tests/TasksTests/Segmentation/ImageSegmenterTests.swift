import Datasets
import Imaging
import Networks
import Testing
import Torch
import Weights

@testable import Tasks

@Suite("Images of any size")
struct ImageSegmenterTests {
    /// A network that sees no further than its stride: class 1 where the brightest red of 8 × 8 pixels is above the mean, and class 2 where
    /// the brightest blue is brighter than that.
    private static func network(_ x: Tensor) throws -> Tensor {
        let best = try maxPool2d(x, kernel: 8, stride: 8)
        let red = try best.narrowed(dim: 1, start: 0, length: 1), blue = try best.narrowed(dim: 1, start: 2, length: 1)
        return try Tensor.concatenating([red * 0, red, blue], dim: 1)
    }

    private func segmenter(_ viewing: SegmentationViewing) -> ImageSegmenter {
        ImageSegmenter(
            preprocessing: PreprocessingDescription(channels: 3, height: 0, width: 0), viewing: viewing, device: .cpu, network: Self.network
        )
    }

    /// Blobs that change over a few dozen pixels.
    private func picture(_ width: Int, _ height: Int) throws -> Image {
        let coarse = (0..<(width / 16 + 1) * (height / 16 + 1) * 3).map { UInt8(truncatingIfNeeded: $0 * 97 ^ $0 >> 2 &* 31) }
        return try Image(width: width / 16 + 1, height: height / 16 + 1, channels: 3, pixels: coarse).resized(width: width, height: height)
    }

    @Test("Through windows every pixel gets the class that it gets in the whole image")
    func windows() throws {
        let image = try picture(408, 264)
        let whole = try segmenter(SegmentationViewing()).classes(of: image)
        #expect(whole.count == 408 * 264 && Set(whole) == [0, 1, 2])
        for (window, overlap) in [(128, 32), (64, 16), (200, 64)] {
            var viewing = SegmentationViewing()
            (viewing.largestWhole, viewing.window, viewing.overlap) = (0, window, overlap)
            #expect(try segmenter(viewing).classes(of: image) == whole)
        }
    }

    @Test("A mirrored view counts as much as the other: a mirrored image gets mirrored classes")
    func mirrored() throws {
        var viewing = SegmentationViewing()
        viewing.flips = true
        let image = try picture(160, 96)
        let classes = try segmenter(viewing).classes(of: image)
        let other = try segmenter(viewing).classes(of: image.flippedHorizontally())
        let turned = try Image(width: 160, height: 96, channels: 1, pixels: other).flippedHorizontally().pixels
        // Of scores that are equal, rounding decides.
        #expect(zip(classes, turned).count { $0 != $1 } <= 8)
        // A network without preferences gives the same answer with and without its mirror image.
        #expect(try zip(classes, segmenter(SegmentationViewing()).classes(of: image)).count { $0 != $1 } < 160 * 96 / 100)
    }

    @Test("Several sizes, and sides that no stride divides, give a class for every pixel of the image's own size")
    func sizes() throws {
        for (width, height) in [(161, 97), (8, 5), (1, 1)] {
            var viewing = SegmentationViewing()
            (viewing.scales, viewing.flips) = ([0.5, 1, 1.75], true)
            let padded: (Tensor) throws -> Tensor = { x in
                try Self.network(x.padded([0, (8 - x.shape[3] % 8) % 8, 0, (8 - x.shape[2] % 8) % 8]))
            }
            let segmenter = ImageSegmenter(
                preprocessing: PreprocessingDescription(channels: 3, height: 0, width: 0), viewing: viewing, device: .cpu, network: padded)
            #expect(try segmenter.classes(of: picture(width, height)).count == width * height)
        }
    }

    @Test("An evaluation counts every labelled pixel of every image once, whole or in crops")
    func evaluation() throws {
        let folder = try TemporaryScenes()
        var channel = SegmentationChannel(folder.path)
        channel.classCount = 3
        let source = try channel.open()
        let input = PreprocessingDescription(channels: 3, height: 32, width: 32)
        let whole = try SegmentationEvaluation(source: source, preprocessing: input, device: .cpu, workers: 2)
        let found = try whole.run { try Self.network($0) }
        // Pictures are red on the left and blue on the right, and masks say so but for a column of holes.
        #expect(found.count == TemporaryScenes.count && found.labelledPixels == Int64(TemporaryScenes.count * 63 * 48))
        #expect(found.confusion[0..<4].allSatisfy { $0 == 0 } && found.pixelAccuracy > 0.9 && found.boundaryF1 != nil)
        let crops = try SegmentationEvaluation(source: source, preprocessing: input, extent: .crops(2), device: .cpu, workers: 2)
        let inCrops = try crops.run { try Self.network($0) }
        #expect(inCrops.count == TemporaryScenes.count && inCrops.boundaryF1 == nil && inCrops.pixelAccuracy > 0.85)
        #expect(inCrops.labelledPixels <= Int64(TemporaryScenes.count * 32 * 32))
        let unknown = PreprocessingDescription(channels: 3, height: 0, width: 0)
        #expect(throws: TaskError.self) {
            try SegmentationEvaluation(source: source, preprocessing: unknown, extent: .crops(2), device: .cpu)
        }
    }
}
