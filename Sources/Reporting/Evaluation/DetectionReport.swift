import Tasks
import Training

/// What an evaluation of a detector found, ready to be printed or written.
public struct DetectionReport: EvaluationSummary {
    private let metrics: DetectionMetrics
    private let classes: [String]
    private let seconds: Double
    private let pascal: VOCScores
    private let coco: COCOScores

    /// The report of a pass over a data set.
    public init(_ metrics: DetectionMetrics, classes: [String], seconds: Double) {
        self.metrics = metrics
        self.classes = classes
        self.seconds = seconds
        pascal = metrics.voc(overlap: metrics.overlap, elevenPoint: metrics.elevenPoint)
        coco = metrics.coco()
    }

    private var imagesPerSecond: Double { seconds > 0 ? Double(metrics.count) / seconds : 0 }

    /// VOC's mean over the recalls that it is not: the area under the curve for eleven points, and the other way round.
    private var otherMean: Double { metrics.voc(overlap: metrics.overlap, elevenPoint: !metrics.elevenPoint).mean }

    private var eleven: Double { metrics.elevenPoint ? pascal.mean : otherMean }
    private var area: Double { metrics.elevenPoint ? otherMean : pascal.mean }

    /// Tables for people.
    public var text: String {
        func line(_ name: String, _ value: Double?) -> String {
            name + String(repeating: " ", count: max(1, 24 - name.count)) + (value.map { Figures.decimal($0, 4) } ?? "–") + "\n"
        }
        let overlap = Figures.rate(metrics.overlap)
        var text = line("mAP@\(overlap), 11 points", eleven) + line("mAP@\(overlap), area", area)
        text += line("COCO mAP@[.5:.95]", coco.averagePrecision) + line("  AP50", coco.averagePrecision50)
        text += line("  AP75", coco.averagePrecision75)
        text += line("  small, < 32² pixels", coco.averagePrecisionSmall) + line("  medium", coco.averagePrecisionMedium)
        text += line("  large, > 96² pixels", coco.averagePrecisionLarge) + line("  AR, 100 an image", coco.averageRecall100)
        text += "images                  \(Figures.count(metrics.count)) (\(Figures.speed(imagesPerSecond)))\n"
        return text + "\n" + classTable.text()
    }

    private var classTable: TextTable {
        var table = TextTable(
            [("class", .left), ("AP@\(Figures.rate(metrics.overlap))", .right), ("COCO AP", .right), ("objects", .right)])
        for (index, figures) in metrics.perClass.enumerated() {
            let name = classes.indices.contains(index) ? classes[index] : String(index)
            let ofCOCO = coco.perClass.indices.contains(index) ? coco.perClass[index] : nil
            table.add(
                [name] + [figures.averagePrecision, ofCOCO].map { $0.map { Figures.decimal($0) } ?? "–" } + [Figures.count(figures.objects)]
            )
        }
        return table
    }

    /// One object, with the keys that scripts rely on.
    public var json: JSONValue {
        func number(_ value: Double?) -> JSONValue { value.map { .number($0) } ?? .null }
        return .members([
            "mAP": .number(pascal.mean), "overlap_threshold": .number(metrics.overlap), "mAP_11_point": .number(eleven),
            "mAP_area": .number(area), "coco_mAP": number(coco.averagePrecision), "coco_AP50": number(coco.averagePrecision50),
            "coco_AP75": number(coco.averagePrecision75), "coco_AP_small": number(coco.averagePrecisionSmall),
            "coco_AP_medium": number(coco.averagePrecisionMedium), "coco_AP_large": number(coco.averagePrecisionLarge),
            "coco_AR_1": number(coco.averageRecall1), "coco_AR_10": number(coco.averageRecall10),
            "coco_AR_100": number(coco.averageRecall100), "images": .integer(metrics.count),
            "images_per_second": .number(imagesPerSecond), "classes": .array(classes.map { .string($0) }),
            "per_class": .array(
                metrics.perClass.enumerated().map { index, figures in
                    .members([
                        "class": .string(classes.indices.contains(index) ? classes[index] : String(index)),
                        "average_precision": number(figures.averagePrecision),
                        "coco_AP": number(coco.perClass.indices.contains(index) ? coco.perClass[index] : nil),
                        "objects": .integer(figures.objects),
                    ])
                }),
        ])
    }

    /// A row a class.
    public var classMarkdown: String { classTable.markdown }

    /// The precision–recall curves.
    public var attachments: [(name: String, shows: String, text: String)] {
        [(RunFolder.precisionRecallName, "each class's precision–recall curve", precisionRecallCSV)]
    }

    /// The curves as CSV: for each class and detection, the surest first, its score, and recall and precision up to it.
    public var precisionRecallCSV: String {
        var rows = ["class,score,recall,precision"]
        for index in 0..<metrics.classCount {
            guard let curve = metrics.precisionRecall(classID: index, overlap: metrics.overlap) else { continue }
            let name = EvaluationReport.field(classes.indices.contains(index) ? classes[index] : String(index))
            for place in curve.scores.indices {
                let figures = [curve.scores[place], curve.recalls[place], curve.precisions[place]].map { Figures.decimal($0, 5) }
                rows.append(([name] + figures).joined(separator: ","))
            }
        }
        return rows.joined(separator: "\n") + "\n"
    }
}
