import Datasets

/// Collects what was found in each picture beside what is there, and says how well they agree: Pascal VOC's and COCO's mean average
/// precision.
///
/// The contract's metric, `mAP`, is Pascal VOC's at one overlap (`overlap_threshold`). SageMaker's documentation does not say how it takes the
/// area under the curve; MXNet's example/ssd, which its algorithm is kin to, takes eleven points by default, and so does this.
public struct DetectionMetrics: Sendable {
    /// Number of classes.
    public let classCount: Int
    /// The overlap (IoU) that a detection must exceed to count as right in `mAP`.
    public let overlap: Double
    /// Whether `mAP` is VOC 2007's mean over eleven recalls, or the area under the curve as from 2010 on.
    public let elevenPoint: Bool
    /// Pictures added.
    public internal(set) var count = 0

    /// For each class the pictures in which it is or was found, in the order of adding.
    var scenes: [[Scene]]

    /// An empty collection.
    /// - Parameters:
    ///   - classCount: number of classes, without the background.
    ///   - overlap: the overlap of `mAP`, 0…1.
    ///   - elevenPoint: how `mAP` takes the area under the curve.
    public init(classCount: Int, overlap: Double = 0.5, elevenPoint: Bool = true) {
        self.classCount = max(0, classCount)
        self.overlap = overlap
        self.elevenPoint = elevenPoint
        scenes = Array(repeating: [], count: self.classCount)
    }

    /// Adds a picture.
    /// - Parameters:
    ///   - detections: what was found, in any order; of equal scores the earlier counts as the better one.
    ///   - truth: what is there. Crowds and difficult objects: see ``voc(overlap:elevenPoint:)`` and ``coco()``.
    ///   - size: the picture's own size: COCO's size classes are in its pixels.
    ///   - number: its place in the data set; nil: that of adding.
    ///
    /// What is of no class below ``classCount`` is left out, and so is a detection without a number for a score.
    public mutating func add(_ detections: [Detection], truth: [BoundingBox], size: PixelSize, number: Int? = nil) {
        let number = number ?? count
        var byClass: [Int: Scene] = [:]
        for box in truth where scenes.indices.contains(box.classID) {
            let (left, top, width, height) = box.inPixels(width: size.width, height: size.height)
            byClass[box.classID, default: Scene(number: number)].truth.append(
                Scene.Truth(
                    box: PixelBox(left: left, top: top, width: width, height: height), isDifficult: box.isDifficult, isCrowd: box.isCrowd))
        }
        for detection in detections where scenes.indices.contains(detection.classID) && !detection.score.isNaN {
            byClass[detection.classID, default: Scene(number: number)].found.append(
                Scene.Found(box: PixelBox(detection, in: size), score: Double(detection.score)))
        }
        for (classID, var scene) in byClass {
            scene.found = scene.found.stablySorted { $0.score > $1.score }
            scenes[classID].append(scene)
        }
        count += 1
    }

    /// The figures by name: `mAP`, then COCO's `coco_mAP` (over overlaps 0.5 to 0.95), `coco_AP50` and `coco_AP75`.
    public var values: [MetricValue] {
        let coco = coco()
        return [
            MetricValue("mAP", voc(overlap: overlap, elevenPoint: elevenPoint).mean), MetricValue("coco_mAP", coco.averagePrecision ?? 0),
            MetricValue("coco_AP50", coco.averagePrecision50 ?? 0), MetricValue("coco_AP75", coco.averagePrecision75 ?? 0),
        ]
    }

    /// Each class's part of `mAP`, nil where it has no object that counts, and the number of those.
    public var perClass: [(averagePrecision: Double?, objects: Int)] {
        let scores = voc(overlap: overlap, elevenPoint: elevenPoint)
        return zip(scores.perClass, scenes).map { ($0, $1.reduce(0) { $0 + $1.truth.count { !$0.isOutOfVOC } }) }
    }
}

/// A class in one picture.
struct Scene: Sendable {
    struct Truth: Sendable {
        let box: PixelBox
        let isDifficult: Bool
        let isCrowd: Bool

        /// Pascal VOC knows no crowds; its files call them difficult.
        var isOutOfVOC: Bool { isDifficult || isCrowd }
    }

    struct Found: Sendable {
        let box: PixelBox
        let score: Double
    }

    /// The picture's place in the data set: of equal scores the earlier picture's counts as the better one.
    let number: Int
    var truth: [Truth] = []
    /// Best first.
    var found: [Found] = []
}

/// A box in pixels; a pixel is one wide.
struct PixelBox: Sendable {
    let left: Double
    let top: Double
    let width: Double
    let height: Double

    var area: Double { width * height }

    /// The pixels that both have, in pycocotools' order of operations.
    func shared(with other: PixelBox) -> Double {
        let width = min(self.width + left, other.width + other.left) - max(left, other.left)
        let height = min(self.height + top, other.height + other.top) - max(top, other.top)
        return width > 0 && height > 0 ? width * height : 0
    }

    /// Intersection over union with an object; over this box alone where the object is a crowd.
    func overlap(with truth: PixelBox, isCrowd: Bool = false) -> Double {
        let shared = shared(with: truth)
        return shared == 0 ? 0 : shared / (isCrowd ? area : area + truth.area - shared)
    }
}

extension PixelBox {
    init(_ detection: Detection, in size: PixelSize) {
        let (columns, rows) = (Double(size.width), Double(size.height))
        self.init(
            left: Double(detection.left) * columns, top: Double(detection.top) * rows,
            width: (Double(detection.right) - Double(detection.left)) * columns,
            height: (Double(detection.bottom) - Double(detection.top)) * rows)
    }
}

extension Array {
    /// Sorted; what is equal keeps its order.
    func stablySorted(by isBefore: (Element, Element) -> Bool) -> [Element] {
        enumerated().sorted {
            isBefore($0.element, $1.element) || (!isBefore($1.element, $0.element) && $0.offset < $1.offset)
        }.map(\.element)
    }
}
