import Datasets
import Foundation
import Tasks
import Testing

private struct Facts: Decodable {
    struct COCO: Decodable { let all, perClass: [Double] }
    struct VOC: Decodable { let overlap: Double, eleven, area: [Double], elevenMean, areaMean: Double }
    struct Curve: Decodable { let recall, precision: Double }
    let objects, detections: Int
    let coco: COCO
    let voc: [VOC]
    let curve: Curve
}

private func collect(_ pictures: [DetectionFixture.Picture], classes: Int) -> DetectionMetrics {
    var metrics = DetectionMetrics(classCount: classes)
    for picture in pictures { metrics.add(picture.found, truth: picture.truth, size: picture.size) }
    return metrics
}

private func expect(_ mine: [Double?], equal truth: [Double], _ name: String) {
    #expect(mine.count == truth.count)
    for (index, (mine, truth)) in zip(mine, truth).enumerated() {
        #expect(abs((mine ?? -1) - truth) <= 1e-9, "\(name), \(index): \(mine ?? -1), not \(truth)")
    }
}

private func expect(_ pictures: [DetectionFixture.Picture], classes: Int, fit facts: Facts) throws {
    #expect(pictures.reduce(0) { $0 + $1.truth.count } == facts.objects)
    #expect(pictures.reduce(0) { $0 + $1.found.count } == facts.detections)
    let metrics = collect(pictures, classes: classes)
    #expect(metrics.count == pictures.count)
    let coco = metrics.coco()
    expect(coco.all, equal: facts.coco.all, "COCO")
    expect(coco.perClass, equal: facts.coco.perClass, "COCO by class")
    for voc in facts.voc {
        let (eleven, area) = (metrics.voc(overlap: voc.overlap, elevenPoint: true), metrics.voc(overlap: voc.overlap, elevenPoint: false))
        expect(eleven.perClass + [eleven.mean], equal: voc.eleven + [voc.elevenMean], "VOC 2007")
        expect(area.perClass + [area.mean], equal: voc.area + [voc.areaMean], "VOC 2010")
    }
    let curve = try #require(metrics.precisionRecall(classID: 0))
    expect([curve.recalls.last, curve.precisions.last], equal: [facts.curve.recall, facts.curve.precision], "the curve's end")
}

@Suite struct DetectionMetricsTests {
    @Test("Crowds, difficult objects, empty pictures, equal scores and an unseen class: pycocotools' and Pascal VOC's figures")
    func synthetic() throws {
        let facts: [String: Facts] = try DetectionFixture.read("metrics")
        let pictures = DetectionFixture.synthetic()
        #expect(pictures.contains { $0.truth.contains(where: \.isCrowd) } && pictures.contains { $0.truth.contains(where: \.isDifficult) })
        try expect(pictures, classes: 5, fit: try #require(facts["synthetic"]))
    }

    @Test("No other threshold has a better F1 than the operating point's, and what lies above it has its precision and recall")
    func operatingPoint() throws {
        let pictures = DetectionFixture.synthetic()
        func figures(above threshold: Double) -> (precision: Double, recall: Double, f1: Double) {
            var metrics = DetectionMetrics(classCount: 5)
            for picture in pictures {
                metrics.add(picture.found.filter { Double($0.score) > threshold }, truth: picture.truth, size: picture.size)
            }
            var (right, found, objects) = (0.0, 0.0, 0.0)
            for curve in (0..<5).compactMap({ metrics.precisionRecall(classID: $0) }) {
                found += Double(curve.scores.count)
                objects += Double(curve.objects)
                right += (curve.recalls.last ?? 0) * Double(curve.objects)
            }
            let (precision, recall) = (found > 0 ? right / found : 0, right / objects)
            return (precision, recall, right > 0 ? 2 * precision * recall / (precision + recall) : 0)
        }
        let point = try #require(collect(pictures, classes: 5).operatingPoint)
        let there = figures(above: point.threshold)
        #expect(abs(there.precision - point.precision) < 1e-12 && abs(there.recall - point.recall) < 1e-12)
        let levels = Set(pictures.flatMap { $0.found.map { Double($0.score) } })
        let best = try #require(levels.map { figures(above: $0 - 1e-9).f1 }.max())
        #expect(abs(best - point.f1) < 1e-12 && levels.count > 10)
        #expect(DetectionMetrics(classCount: 2).operatingPoint == nil)
    }

    @Test(
        "Random predictions on real blood cells: pycocotools' and Pascal VOC's figures",
        .enabled(if: FileManager.default.fileExists(atPath: DetectionFixture.bccd), "needs ../shared/data"))
    func cells() throws {
        let facts: [String: Facts] = try DetectionFixture.read("metrics")
        try expect(try DetectionFixture.bccdScenes(), classes: 3, fit: try #require(facts["bccd"]))
    }

    @Test("The order of pictures does not matter where no scores are equal")
    func order() {
        var pictures = DetectionFixture.synthetic()
        var score: Float = 1
        for picture in pictures.indices {
            for found in pictures[picture].found.indices {
                score *= 0.99
                pictures[picture].found[found].score = found % 2 == 0 ? score : 1 - score
            }
        }
        let (forwards, backwards) = (collect(pictures, classes: 5), collect(pictures.reversed(), classes: 5))
        #expect(forwards.coco().all == backwards.coco().all)
        #expect(forwards.voc(elevenPoint: false) == backwards.voc(elevenPoint: false))
    }

    @Test("Every object found exactly, and nothing else, is 1; nothing found is 0; no object at all has no figure")
    func ends() throws {
        let box = BoundingBox(classID: 1, left: 0.1, top: 0.2, right: 0.5, bottom: 0.75)
        let found = Detection(classID: 1, score: 0.5, left: 0.1, top: 0.2, right: 0.5, bottom: 0.75)
        let size = PixelSize(width: 100, height: 80)
        var metrics = DetectionMetrics(classCount: 3)
        #expect(metrics.values.map(\.name) == ["mAP", "coco_mAP", "coco_AP50", "coco_AP75"])
        #expect(metrics.values.allSatisfy { $0.value == 0 })
        #expect(metrics.coco().all.allSatisfy { $0 == nil })
        metrics.add([found], truth: [box], size: size)
        for value in metrics.values { #expect(abs(value.value - 1) < 1e-12, "\(value.name)") }
        #expect(metrics.perClass.map(\.objects) == [0, 1, 0])
        #expect(metrics.perClass[0].averagePrecision == nil)

        var blind = DetectionMetrics(classCount: 3)
        blind.add([], truth: [box], size: size)
        #expect(blind.values.allSatisfy { $0.value == 0 })
        #expect(blind.perClass[1].averagePrecision == 0)
        #expect(blind.coco().averageRecall100 == 0)
    }

    @Test("What is of no class is left out, and so is a score that is not a number")
    func strangers() {
        var metrics = DetectionMetrics(classCount: 1)
        let size = PixelSize(width: 10, height: 10)
        let box = BoundingBox(classID: 0, left: 0, top: 0, right: 1, bottom: 1)
        let far = BoundingBox(classID: 7, left: 0, top: 0, right: 1, bottom: 1)
        let right = Detection(classID: 0, score: 0.5, left: 0, top: 0, right: 1, bottom: 1)
        var unknown = right
        unknown.classID = -1
        var broken = right
        broken.score = .nan
        metrics.add([unknown, broken, right], truth: [far, box], size: size)
        #expect(metrics.voc(elevenPoint: false).perClass == [1])
        #expect(metrics.precisionRecall(classID: 1) == nil)
    }

    @Test("An object that is found twice is right once, and boxes without area find nothing")
    func doubles() {
        var metrics = DetectionMetrics(classCount: 1, elevenPoint: false)
        let size = PixelSize(width: 100, height: 100)
        let box = BoundingBox(classID: 0, left: 0.2, top: 0.2, right: 0.4, bottom: 0.4)
        let flat = BoundingBox(classID: 0, left: 0.6, top: 0.6, right: 0.6, bottom: 0.6)
        func found(_ score: Float, _ left: Float, _ right: Float) -> Detection {
            Detection(classID: 0, score: score, left: left, top: left, right: right, bottom: right)
        }
        metrics.add([found(0.9, 0.2, 0.4), found(0.8, 0.2, 0.4), found(0.7, 0.6, 0.6)], truth: [box, flat], size: size)
        let curve = metrics.precisionRecall(classID: 0)
        #expect(curve?.recalls == [0.5, 0.5, 0.5])
        #expect(curve?.precisions == [1, 0.5, 1.0 / 3])
        #expect(metrics.voc(elevenPoint: false).mean == 0.5)
    }
}
