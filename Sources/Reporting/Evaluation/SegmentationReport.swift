import Tasks
import Training

/// What an evaluation of a segmentation model found, ready to be printed or written.
public struct SegmentationReport: EvaluationSummary {
    private let metrics: SegmentationMetrics
    private let classes: [String]
    private let seconds: Double

    /// The report of a pass over a data set.
    public init(_ metrics: SegmentationMetrics, classes: [String], seconds: Double) {
        self.metrics = metrics
        self.classes = classes
        self.seconds = seconds
    }

    private var imagesPerSecond: Double { seconds > 0 ? Double(metrics.count) / seconds : 0 }

    private func name(_ classID: Int) -> String { classes.name(of: classID) }

    private func row(_ classID: Int) -> [Int64] {
        Array(metrics.confusion[classID * metrics.classCount..<(classID + 1) * metrics.classCount])
    }

    /// Tables for people.
    public var text: String {
        func line(_ name: String, _ value: Double?) -> String {
            name + String(repeating: " ", count: max(1, 24 - name.count)) + (value.map { Figures.decimal($0, 4) } ?? "–") + "\n"
        }
        var text = line("mIOU", metrics.meanIoU)
        if metrics.meanIoUOfPresent != metrics.meanIoU { text += line("  of classes present", metrics.meanIoUOfPresent) }
        text += line("pixel accuracy", metrics.pixelAccuracy)
        if let boundary = metrics.boundaryF1 { text += line("boundary F1", boundary) }
        let speed = seconds > 0 ? " (\(Figures.speed(imagesPerSecond)))" : ""
        text += "images                  \(Figures.count(metrics.count))\(speed)\n"
        text += "\n" + classTable.text()
        if metrics.classCount <= EvaluationReport.largestPrintedMatrix {
            text += "\nRows are true classes, columns what was predicted, in percent of the row:\n" + matrixTable.text()
        }
        return text
    }

    private var classTable: TextTable {
        let all = metrics.perClass
        let hasBoundaries = all.contains { $0.boundaryF1 != nil }
        var table = TextTable(
            [("class", .left), ("IoU", .right), ("precision", .right), ("recall", .right)]
                + (hasBoundaries ? [("boundary F1", .right)] : []) + [("pixels", .right)])
        for (index, figures) in all.enumerated() {
            let shares = [figures.iou, figures.precision, figures.recall] + (hasBoundaries ? [figures.boundaryF1] : [])
            table.add([name(index)] + shares.map { $0.map { Figures.decimal($0) } ?? "–" } + [Figures.count(Int(figures.pixels))])
        }
        return table
    }

    private var matrixTable: TextTable {
        // Columns carry numbers where names would make the table wider than a screen.
        let fits = classes.reduce(0) { $0 + max(5, $1.count) + 2 } <= 100
        var table = TextTable([("", .left)] + (0..<metrics.classCount).map { (title: fits ? name($0) : String($0), alignment: .right) })
        for index in 0..<metrics.classCount {
            let row = row(index)
            let total = row.reduce(0, +)
            table.add(
                [fits ? name(index) : "\(index) \(name(index))"]
                    + row.map { $0 == 0 ? "·" : Figures.decimal(100 * Double($0) / Double(total), 1) })
        }
        return table
    }

    /// One object, with the keys that scripts rely on.
    public var json: JSONValue {
        func number(_ value: Double?) -> JSONValue { value.map { .number($0) } ?? .null }
        return .members([
            "mIOU": .number(metrics.meanIoU), "mIOU_present": .number(metrics.meanIoUOfPresent),
            "pixel_accuracy": .number(metrics.pixelAccuracy), "boundary_f1": number(metrics.boundaryF1),
            "images": .integer(metrics.count), "images_per_second": .number(imagesPerSecond),
            "classes": .array(classes.map { .string($0) }),
            "per_class": .array(
                metrics.perClass.enumerated().map { index, figures in
                    .members([
                        "class": .string(name(index)), "iou": number(figures.iou), "precision": number(figures.precision),
                        "recall": number(figures.recall), "boundary_f1": number(figures.boundaryF1),
                        "pixels": .integer(Int(figures.pixels)),
                    ])
                }),
            "confusion_matrix": .array((0..<metrics.classCount).map { .array(row($0).map { .integer(Int($0)) }) }),
        ])
    }

    /// A row a class.
    public var classMarkdown: String { classTable.markdown }

    /// The confusion matrix.
    public var attachments: [(name: String, shows: String, text: String)] {
        [(RunFolder.confusionMatrixName, "what pixels were taken for", confusionCSV)]
    }

    /// Pixels as CSV: a row for each true class, a column for each predicted one.
    public var confusionCSV: String {
        let names = (0..<metrics.classCount).map(name)
        return CSV.text(["true\\predicted"] + names, names.indices.map { [names[$0]] + row($0).map(String.init) })
    }
}

extension SegmentationReport {
    /// Figures, classes, and what pixels were taken for.
    public func add(to page: inout ReportPage) {
        func figure(_ value: Double?) -> String? { value.map { Figures.decimal($0, 4) } }
        page.add(
            "Figures",
            HTML.figures([
                ("mIOU", figure(metrics.meanIoU)),
                ("of classes present", metrics.meanIoUOfPresent == metrics.meanIoU ? nil : figure(metrics.meanIoUOfPresent)),
                ("pixel accuracy", figure(metrics.pixelAccuracy)), ("boundary F1", figure(metrics.boundaryF1)),
                ("images", Figures.count(metrics.count)),
            ]))
        page.add("Classes", classTable.html)
        page.add(
            ConfusionTable(
                classes: (0..<metrics.classCount).map(name), counts: (0..<metrics.classCount).map { row($0).map(Int.init) },
                showsShares: true), counting: "pixels")
    }
}
