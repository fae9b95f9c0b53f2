import Datasets
import Foundation
import Testing

@testable import Tasks

@Suite("How segmentation is scored")
struct SegmentationMetricsTests {
    /// The figures of one image, counted class by class as they are defined.
    private struct Plain {
        var intersections: [Int]
        var unions: [Int]
        var confusion: [Int64]
        var right = 0
        var labelled = 0

        init(_ classes: Int) {
            (intersections, unions) = ([Int](repeating: 0, count: classes), [Int](repeating: 0, count: classes))
            confusion = [Int64](repeating: 0, count: classes * classes)
        }

        mutating func add(_ predicted: [UInt8], _ truth: [UInt8]) {
            let pairs = zip(predicted, truth).filter { $1 != 255 }
            labelled += pairs.count
            right += pairs.count { $0 == $1 }
            for classID in intersections.indices {
                intersections[classID] += pairs.count { Int($0) == classID && Int($1) == classID }
                unions[classID] += pairs.count { Int($0) == classID || Int($1) == classID }
            }
            for (found, actual) in pairs { confusion[Int(actual) * intersections.count + Int(found)] += 1 }
        }

        var ious: [Double?] { zip(intersections, unions).map { $1 > 0 ? Double($0) / Double($1) : nil } }
    }

    private func expectEqual(_ metrics: SegmentationMetrics, _ plain: Plain) {
        #expect(metrics.confusion == plain.confusion)
        #expect(metrics.perClass.map(\.iou) == plain.ious)
        #expect(metrics.meanIoU == plain.ious.reduce(0) { $0 + ($1 ?? 0) } / Double(plain.ious.count))
        let present = plain.ious.compactMap(\.self)
        #expect(metrics.meanIoUOfPresent == present.reduce(0, +) / Double(present.count))
        #expect(metrics.pixelAccuracy == Double(plain.right) / Double(plain.labelled))
        #expect(metrics.labelledPixels == Int64(plain.labelled))
    }

    @Test("Two images of eight pixels, counted by hand")
    func byHand() {
        var metrics = SegmentationMetrics(classCount: 4)
        metrics.add(predicted: [0, 0, 1, 1, 2, 2, 2, 0], truth: [0, 0, 0, 1, 1, 2, 255, 255])
        metrics.add(predicted: [1, 1, 1, 1, 1, 1, 1, 1], truth: [1, 1, 0, 0, 255, 255, 255, 255])
        // Class 0: 2 hits of 5 that are there, none too many. Class 1: 3 hits, 4 are there, 6 were found. Class 2: 1 hit, 1 there, 2 found.
        let ious: [Double?] = [0.4, 3.0 / 7, 0.5, nil]
        let recalls: [Double?] = [0.4, 0.75, 1, nil], precisions: [Double?] = [1, 0.5, 0.5, nil]
        #expect(metrics.perClass.map(\.iou) == ious)
        #expect(metrics.perClass.map(\.recall) == recalls)
        #expect(metrics.perClass.map(\.precision) == precisions)
        #expect(metrics.perClass.map(\.pixels) == [5, 4, 1, 0])
        #expect(metrics.pixelAccuracy == 0.6 && metrics.labelledPixels == 10 && metrics.count == 2)
        let sum = ious.reduce(0) { $0 + ($1 ?? 0) }
        #expect(metrics.meanIoU == sum / 4 && metrics.meanIoUOfPresent == sum / 3)
        #expect(metrics.values.map(\.name) == ["mIOU", "pixel_accuracy"])
        #expect(SegmentationMetrics(classCount: 3).meanIoU == 0 && SegmentationMetrics(classCount: 3).pixelAccuracy == 0)
    }

    @Test("Any masks give what counting class by class gives")
    func plain() {
        var random = RandomStream(seed: 5, epoch: 0, index: 0)
        var (metrics, plain) = (SegmentationMetrics(classCount: 7), Plain(7))
        for _ in 0..<20 {
            let truth = (0..<500).map { _ in UInt8.random(in: 0..<8, using: &random) }.map { $0 == 7 ? 255 : $0 }
            let predicted = truth.map { Bool.random(using: &random) && $0 != 255 ? $0 : UInt8.random(in: 0..<7, using: &random) }
            metrics.add(predicted: predicted, truth: truth)
            plain.add(predicted, truth)
        }
        expectEqual(metrics, plain)
    }

    @Test("CamVid's masks, moved by a few pixels, score as counting class by class scores them", .enabled(if: SharedFolder.holds("camvid")))
    func camVid() throws {
        var channel = SegmentationChannel(SharedFolder.path("camvid"))
        (channel.channel, channel.classCount) = ("validation", 11)
        let dataset = try channel.openDataset()
        var (metrics, plain) = (SegmentationMetrics(classCount: 11), Plain(11))
        for index in 0..<dataset.count {
            let mask = try dataset.record(at: index).decodedMask()
            let (width, count) = (mask.size.width, mask.classIDs.count)
            // A prediction with every class, right in the middle of things: the truth seven pixels on, holes filled with a class.
            let predicted = (0..<count).map { place -> UInt8 in
                let value = mask.classIDs[(place + 7 * width + 5) % count]
                return value == 255 ? UInt8(place % 11) : value
            }
            metrics.add(predicted: predicted, truth: mask.classIDs)
            plain.add(predicted, mask.classIDs)
        }
        expectEqual(metrics, plain)
        #expect((0.5..<0.95).contains(metrics.meanIoU))
    }
}

@Suite("How boundaries are scored")
struct BoundaryScoreTests {
    /// F1 of each class by the definition: every boundary pixel against every other.
    private func plain(_ predicted: [UInt8], _ truth: [UInt8], _ size: PixelSize) -> [Int: Double] {
        let seen = zip(predicted, truth).map { $1 == 255 ? 255 : $0 }
        let limit = 0.0075 * Double(size.width * size.width + size.height * size.height).squareRoot()
        func boundary(_ mask: [UInt8], _ classID: UInt8) -> [(Int, Int)] {
            (0..<mask.count).filter { mask[$0] == classID }.map { ($0 % size.width, $0 / size.width) }.filter { x, y in
                [(x - 1, y), (x + 1, y), (x, y - 1), (x, y + 1)].contains { x, y in
                    guard x >= 0, y >= 0, x < size.width, y < size.height else { return false }
                    let other = mask[y * size.width + x]
                    return other != classID && other != 255
                }
            }
        }
        func share(_ a: [(Int, Int)], _ b: [(Int, Int)]) -> Double {
            let hits = a.count { p in
                b.contains { q in
                    let (dx, dy) = (Double(p.0 - q.0), Double(p.1 - q.1))
                    return dx * dx + dy * dy <= limit * limit
                }
            }
            return Double(hits) / Double(a.count)
        }
        var scores: [Int: Double] = [:]
        for classID in UInt8(0)..<5 {
            let (found, there) = (boundary(seen, classID), boundary(truth, classID))
            if found.isEmpty && there.isEmpty { continue }
            guard !found.isEmpty, !there.isEmpty else {
                scores[Int(classID)] = 0
                continue
            }
            let (precision, recall) = (share(found, there), share(there, found))
            scores[Int(classID)] = precision + recall > 0 ? 2 * precision * recall / (precision + recall) : 0
        }
        return scores
    }

    /// Discs of classes 1 to 4 on class 0, some with a rim of holes.
    private func discs(_ size: PixelSize, shift: Int, holes: Bool) -> [UInt8] {
        (0..<size.width * size.height).map { place in
            let (x, y) = (place % size.width - shift, place / size.width + shift / 2)
            for (number, centre) in [(30, 40), (120, 60), (200, 150), (60, 160)].enumerated() {
                let (dx, dy) = (x - centre.0, y - centre.1)
                let distance = dx * dx + dy * dy
                if distance < 900 { return UInt8(number + 1) }
                if holes, number == 1, distance < 1200 { return 255 }
            }
            return 0
        }
    }

    @Test("Masks moved against each other score as the definition says, holes cut out", arguments: [0, 1, 2, 4, 9])
    func definition(shift: Int) {
        let size = PixelSize(width: 260, height: 210)
        for holes in [false, true] {
            let (predicted, truth) = (discs(size, shift: shift, holes: false), discs(size, shift: 0, holes: holes))
            let scores = BoundaryScores(predicted: predicted, truth: truth, size: size)
            #expect(Dictionary(uniqueKeysWithValues: scores.perClass.map { ($0.classID, $0.score) }) == plain(predicted, truth, size))
            if shift == 0 { #expect(scores.mean == 1) }
            if shift == 9 { #expect(scores.mean.map { $0 < 0.7 } == true) }
        }
    }

    @Test("A class that only one of both has scores 0; masks of one class have no boundary and no score")
    func edges() {
        let size = PixelSize(width: 4, height: 1)
        #expect(BoundaryScores(predicted: [0, 0, 1, 1], truth: [0, 0, 2, 2], size: size).perClass.map(\.score) == [1, 0, 0])
        #expect(BoundaryScores(predicted: [0, 0, 0, 0], truth: [0, 0, 0, 0], size: size).mean == nil)
        #expect(BoundaryScores(predicted: [0, 0, 1, 1], truth: [0, 255, 255, 1], size: size).mean == nil)
        var metrics = SegmentationMetrics(classCount: 3)
        #expect(metrics.boundaryF1 == nil)
        metrics.add(BoundaryScores(predicted: [0, 0, 1, 1], truth: [0, 0, 2, 2], size: size))
        #expect(metrics.boundaryF1 == 1.0 / 3 && metrics.perClass.map(\.boundaryF1) == [1, 0, 0])
    }
}
