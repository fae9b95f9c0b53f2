/// A score from which a detector's boxes are taken for objects, and how right it is there over all classes together.
public struct OperatingPoint: Sendable, Equatable {
    /// Scores must exceed it, 0…1.
    public let threshold: Double
    /// The share of the boxes above it that are right.
    public let precision: Double
    /// The share of the objects that have a box above it.
    public let recall: Double

    /// The harmonic mean of precision and recall, F1.
    public var f1: Double { precision + recall > 0 ? 2 * precision * recall / (precision + recall) : 0 }

    /// Under which name a model keeps ``threshold`` among its metrics.
    public static let metric = "best_f1_threshold"
}

extension DetectionMetrics {
    /// Where F1 is best, over all classes together, by the rules of ``voc(overlap:elevenPoint:)``; nil where nothing right was found.
    ///
    /// The threshold lies half-way between the last score that is taken and the first that is not.
    public var operatingPoint: OperatingPoint? {
        let curves = (0..<classCount).compactMap { precisionRecall(classID: $0, overlap: overlap) }
        let objects = curves.reduce(0) { $0 + $1.objects }
        let found = curves.flatMap(\.hits).sorted { $0.score > $1.score }
        var best: OperatingPoint?
        var right = 0
        for (index, hit) in found.enumerated() {
            if hit.isRight { right += 1 }
            // Below the last there is nothing to tell, for predictors leave out scores of less than 0.01.
            let next = index + 1 < found.count ? found[index + 1].score : min(0.01, hit.score / 2)
            // Equal scores are taken, or left, together.
            guard next < hit.score, right > 0, objects > 0 else { continue }
            let point = OperatingPoint(
                threshold: (hit.score + next) / 2, precision: Double(right) / Double(index + 1), recall: Double(right) / Double(objects))
            if point.f1 > best?.f1 ?? 0 { best = point }
        }
        return best
    }
}

extension PrecisionRecallCurve {
    /// Which of the detections are right. Recall rises with each of them.
    fileprivate var hits: [(score: Double, isRight: Bool)] {
        scores.indices.map { (scores[$0], recalls[$0] > ($0 == 0 ? 0 : recalls[$0 - 1])) }
    }
}
