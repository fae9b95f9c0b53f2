import Tasks
import Training

/// What an evaluation of a detector found, ready to be printed or written.
public struct DetectionReport: EvaluationSummary {
    private let metrics: DetectionMetrics
    private let classes: [String]
    private let seconds: Double
    private let errors: DetectionErrors?
    private let pascal: VOCScores
    private let coco: COCOScores
    private let point: OperatingPoint?

    /// The report of a pass over a data set. `errors`: what went wrong, where it was counted.
    public init(_ metrics: DetectionMetrics, classes: [String], seconds: Double, errors: DetectionErrors? = nil) {
        self.metrics = metrics
        self.classes = classes
        self.seconds = seconds
        self.errors = errors
        pascal = metrics.voc(overlap: metrics.overlap, elevenPoint: metrics.elevenPoint)
        coco = metrics.coco()
        point = metrics.operatingPoint
    }

    private func name(_ classID: Int) -> String { classes.name(of: classID) }

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
        if let point {
            text += line("best F1", point.f1)
            text +=
                "  above a score of      \(Figures.decimal(point.threshold, 2)): precision \(Figures.decimal(point.precision, 4)), "
                + "recall \(Figures.decimal(point.recall, 4))\n"
        }
        text += "images                  \(Figures.count(metrics.count)) (\(Figures.speed(imagesPerSecond)))\n"
        if let errors {
            text +=
                "at a score of \(Figures.rate(Double(DetectionErrors.scoreThreshold)))       \(Figures.count(errors.right)) right; \(errors.sentence)\n"
        }
        return text + "\n" + classTable.text()
    }

    private var classTable: TextTable {
        var table = TextTable(
            [("class", .left), ("AP@\(Figures.rate(metrics.overlap))", .right), ("COCO AP", .right), ("objects", .right)])
        for (index, figures) in metrics.perClass.enumerated() {
            let ofCOCO = coco.perClass.indices.contains(index) ? coco.perClass[index] : nil
            table.add(
                [name(index)] + [figures.averagePrecision, ofCOCO].map { $0.map { Figures.decimal($0) } ?? "–" } + [
                    Figures.count(figures.objects)
                ]
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
            "coco_AR_100": number(coco.averageRecall100), "best_f1": number(point?.f1),
            OperatingPoint.metric: number(point?.threshold), "best_f1_precision": number(point?.precision),
            "best_f1_recall": number(point?.recall), "images": .integer(metrics.count), "images_per_second": .number(imagesPerSecond),
            "errors": errors.map(\.json), "classes": .array(classes.map { .string($0) }),
            "per_class": .array(
                metrics.perClass.enumerated().map { index, figures in
                    .members([
                        "class": .string(name(index)),
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
        CSV.text(
            ["class", "score", "recall", "precision"],
            (0..<metrics.classCount).flatMap { index -> [[String]] in
                guard let curve = metrics.precisionRecall(classID: index, overlap: metrics.overlap) else { return [] }
                return curve.scores.indices.map { place in
                    [name(index)] + [curve.scores[place], curve.recalls[place], curve.precisions[place]].map { Figures.decimal($0, 5) }
                }
            })
    }
}

extension DetectionReport {
    /// Figures, classes, precision–recall curves and kinds of errors.
    public func add(to page: inout ReportPage) {
        func figure(_ value: Double?) -> String? { value.map { Figures.decimal($0, 4) } }
        let overlap = Figures.rate(metrics.overlap)
        page.add(
            "Figures",
            HTML.figures([
                ("mAP@\(overlap)", figure(pascal.mean)), ("COCO mAP", figure(coco.averagePrecision)),
                ("AP50", figure(coco.averagePrecision50)),
                ("AP75", figure(coco.averagePrecision75)), ("recall, 100 an image", figure(coco.averageRecall100)),
                point.map { ("best F1, above a score of \(Figures.decimal($0.threshold, 2))", Figures.decimal($0.f1, 4)) }
                    ?? ("best F1", nil),
                ("images", Figures.count(metrics.count)),
            ]))
        if let errors { page.add("What went wrong", errorTable(errors, overlap)) }
        page.add("Classes", classTable.html)
        let curves = curves
        if !curves.isEmpty { page.add("Precision and recall", "<div class=\"charts\">\(curves)</div>\n") }
    }

    private func errorTable(_ errors: DetectionErrors, _ overlap: String) -> String {
        var table = TextTable([("objects and boxes", .left), ("number", .right), ("meaning", .left)])
        table.add(["right", Figures.count(errors.right), "a box overlaps an object of its class by more than \(overlap)"])
        for kind in DetectionErrors.Kind.allCases {
            table.add([kind.title, Figures.count(errors.count(kind)), kind.meaning(overlap: overlap)])
        }
        return HTML.paragraph("Of what was found with a score of \(Figures.rate(Double(DetectionErrors.scoreThreshold))) or more:")
            + table.html
    }

    /// As many of a curve's points as a screen can tell apart.
    private static func thinned(_ points: [(x: Double, y: Double)]) -> [(x: Double, y: Double)] {
        var kept: [(x: Double, y: Double)] = []
        for (index, point) in points.enumerated() {
            let distance = kept.last.map { abs(point.x - $0.x) + abs(point.y - $0.y) } ?? 1
            if distance >= 0.004 || index == points.count - 1 { kept.append(point) }
        }
        return kept
    }

    /// The curves of the classes with most objects; more could not be told apart.
    private var curves: String {
        let objects = metrics.perClass.map(\.objects)
        let shown = objects.indices.filter { objects[$0] > 0 }.sorted { (-objects[$0], $0) < (-objects[$1], $1) }.prefix(16)
        let series = shown.compactMap { index in
            metrics.precisionRecall(classID: index, overlap: metrics.overlap).map { curve in
                LineChart.Series(name: name(index), points: Self.thinned(zip(curve.recalls, curve.precisions).map { ($0, $1) }))
            }
        }
        return LineChart(
            title: "Precision over recall, at an overlap above \(Figures.rate(metrics.overlap))", horizontal: .unit, vertical: .unit,
            horizontalName: "recall", series: series, tellsLast: false
        ).html
    }
}
