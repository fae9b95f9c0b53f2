/// COCO's twelve figures, 0…1; nil (pycocotools: −1) where there is no object to measure them on.
///
/// Objects up to 32² pixels are small, up to 96² medium, and large above; the limits themselves belong to both sides.
public struct COCOScores: Sendable, Equatable {
    /// AP: the mean over overlaps 0.5, 0.55 … 0.95 and classes.
    public let averagePrecision: Double?
    /// AP at overlap 0.5.
    public let averagePrecision50: Double?
    /// AP at overlap 0.75.
    public let averagePrecision75: Double?
    /// AP of small objects.
    public let averagePrecisionSmall: Double?
    /// AP of medium objects.
    public let averagePrecisionMedium: Double?
    /// AP of large objects.
    public let averagePrecisionLarge: Double?
    /// AR: the share of objects found, with one detection a picture and class; the mean over overlaps and classes.
    public let averageRecall1: Double?
    /// AR with ten detections.
    public let averageRecall10: Double?
    /// AR with a hundred detections.
    public let averageRecall100: Double?
    /// AR of small objects, with a hundred detections.
    public let averageRecallSmall: Double?
    /// AR of medium objects.
    public let averageRecallMedium: Double?
    /// AR of large objects.
    public let averageRecallLarge: Double?
    /// AP of each class.
    public let perClass: [Double?]

    /// The twelve, in the order in which pycocotools prints them.
    public var all: [Double?] {
        [
            averagePrecision, averagePrecision50, averagePrecision75, averagePrecisionSmall, averagePrecisionMedium, averagePrecisionLarge,
            averageRecall1, averageRecall10, averageRecall100, averageRecallSmall, averageRecallMedium, averageRecallLarge,
        ]
    }
}

extension DetectionMetrics {
    /// COCO's figures, as pycocotools' `COCOeval` works them out for boxes.
    ///
    /// An object's area is that of its box (COCO's own files state the area of its outline instead). A detection that lies on a crowd does
    /// not count; one box may hold many. "Difficult" is not COCO's: such objects count.
    public func coco() -> COCOScores {
        let limits = [1, 10, 100]
        let areas: [ClosedRange<Double>] = [0...1e10, 0...1024, 1024...9216, 9216...1e10]
        // evaluations[area][class]
        let evaluations = areas.map { area in scenes.map { COCOEvaluation($0, areas: area, most: 100) } }
        let tables = evaluations.map { $0.map { $0.average(most: 100) } }
        func precision(_ area: Int, _ threshold: Int? = nil) -> Double? {
            mean(tables[area].compactMap { table in threshold.map { table?.precisions[$0] } ?? table.flatMap { mean($0.precisions) } })
        }
        func recall(_ area: Int, most: Int = 100) -> Double? {
            mean(evaluations[area].compactMap { $0.average(most: most).flatMap { mean($0.recalls) } })
        }
        return COCOScores(
            averagePrecision: precision(0), averagePrecision50: precision(0, 0), averagePrecision75: precision(0, 5),
            averagePrecisionSmall: precision(1), averagePrecisionMedium: precision(2), averagePrecisionLarge: precision(3),
            averageRecall1: recall(0, most: limits[0]), averageRecall10: recall(0, most: limits[1]),
            averageRecall100: recall(0, most: limits[2]), averageRecallSmall: recall(1), averageRecallMedium: recall(2),
            averageRecallLarge: recall(3), perClass: tables[0].map { $0.flatMap { mean($0.precisions) } })
    }

    private func mean(_ values: [Double]) -> Double? { values.isEmpty ? nil : values.reduce(0, +) / Double(values.count) }
}
