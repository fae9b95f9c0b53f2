import Datasets
import Imaging
import Testing
import Torch

@testable import Tasks

@Suite("Counts of several processes, put together")
struct MergeTests {
    /// Splits by turns, counts apart and merges.
    private func merged<Metrics: MergeableMetrics, Item>(
        _ items: [Item], parts: Int, into empty: Metrics, add: (inout Metrics, Int, Item) throws -> Void
    ) throws -> Metrics {
        let counts = try (0..<parts).map { part in
            var metrics = empty
            for (index, item) in items.enumerated() where index % parts == part { try add(&metrics, index, item) }
            return metrics.numbers
        }
        var all = empty
        for numbers in counts { try all.merge(numbers) }
        return all
    }

    @Test("Detection: the mean average precisions of the whole, to the last bit, whoever has seen which picture", arguments: [2, 3])
    func detection(parts: Int) throws {
        // Equal scores: the order of pictures decides.
        let pictures = (0..<7).map { index -> ([Detection], [BoundingBox]) in
            let truth = (0...index % 3).map {
                BoundingBox(classID: $0 % 2, left: Double($0) / 10, top: 0.05, right: Double($0) / 10 + 0.09, bottom: 0.14)
            }
            let found = (0..<4).map { number in
                Detection(
                    classID: (number + index) % 2, score: number % 2 == 0 ? 0.5 : 0.75, left: Float(10 * number + index) / 100, top: 0.05,
                    right: Float(10 * number + index + 9) / 100, bottom: 0.14)
            }
            return (found, truth)
        }
        let size = PixelSize(width: 100, height: 100)
        var whole = DetectionMetrics(classCount: 2)
        for picture in pictures { whole.add(picture.0, truth: picture.1, size: size) }
        let all = try merged(pictures, parts: parts, into: DetectionMetrics(classCount: 2)) { metrics, index, picture in
            metrics.add(picture.0, truth: picture.1, size: size, number: index)
        }
        #expect(all.values == whole.values && all.count == 7)
        #expect(all.perClass.map(\.objects) == whole.perClass.map(\.objects))
        #expect(whole.values[0].value > 0)
    }

    @Test("Segmentation: every pixel is counted once")
    func segmentation() throws {
        let masks: [[UInt8]] = (0..<5).map { index in
            (0..<64).map { place -> UInt8 in
                let value = (place * 7 + index) % 4
                return value == 3 ? 255 : UInt8(value)
            }
        }
        let truth = (0..<64).map { UInt8($0 % 3) }
        let empty = SegmentationMetrics(classCount: 3)
        var whole = empty
        for mask in masks { whole.add(predicted: mask, truth: truth) }
        let all = try merged(masks, parts: 2, into: empty) { metrics, _, mask in metrics.add(predicted: mask, truth: truth) }
        #expect(all == whole && all.count == 5 && all.labelledPixels == whole.labelledPixels)
    }

    @Test("Classification: confusion, top-k and loss")
    func classification() throws {
        let empty = ClassificationMetrics(classCount: 3, multiLabel: false, topK: 2)
        func add(_ metrics: inout ClassificationMetrics, _ index: Int, _ seed: Int) throws {
            try metrics.add(logits: .randomNormal([4, 3], seed: UInt64(seed)), classes: [0, 1, 2, 1], loss: Double(seed))
        }
        var whole = empty
        for seed in 0..<5 { try add(&whole, seed, seed) }
        let all = try merged(Array(0..<5), parts: 3, into: empty, add: add)
        #expect(all.values == whole.values && all.confusion == whole.confusion && all.count == 20)
    }

    @Test("Numbers that are of something else are an error")
    func wrong() throws {
        var metrics = SegmentationMetrics(classCount: 3)
        #expect(throws: TaskError.self) { try metrics.merge([1, 2]) }
        #expect(throws: TaskError.self) { try metrics.merge([0.5]) }
    }
}
