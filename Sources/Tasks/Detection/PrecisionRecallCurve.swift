/// How precision falls while recall rises: the detections of a class taken one by one, the surest first.
public struct PrecisionRecallCurve: Sendable, Equatable {
    /// The score of each detection that counts, falling.
    public let scores: [Double]
    /// The share of the objects that were found by then, 0…1; rising.
    public let recalls: [Double]
    /// The share of the detections by then that are right, 0…1.
    public let precisions: [Double]
    /// Objects of the class that count.
    public let objects: Int

    /// Average precision as Pascal VOC takes it; nil where there is no object.
    ///
    /// Eleven points (VOC 2007): the mean over the recalls 0, 0.1 … 1 of the best precision at that recall or more. Otherwise (from 2010
    /// on): the area under the curve that is at each recall the best precision at that recall or more.
    public func averagePrecision(elevenPoint: Bool) -> Double? {
        guard objects > 0 else { return nil }
        // The best precision from each detection on.
        var best = precisions
        for index in best.indices.dropLast().reversed() { best[index] = max(best[index], best[index + 1]) }
        if elevenPoint {
            // The devkit's recalls, 0:0.1:1, with their rounding.
            let points = (0...10).map { Double($0) * 0.1 }
            return points.reduce(0) { sum, point in
                sum + (recalls.firstIndex { $0 >= point }.map { best[$0] } ?? 0) / 11
            }
        }
        var area = 0.0
        var previous = 0.0
        for (recall, precision) in zip(recalls, best) {
            area += (recall - previous) * precision
            previous = recall
        }
        return area
    }
}
