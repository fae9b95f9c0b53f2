import Training

extension EvaluationReport {
    /// The most classes for which the confusion matrix is printed: more do not fit a screen.
    static let largestPrintedMatrix = 20

    /// Tables for people: figures, classes, and what was taken for what.
    public var text: String {
        var text = "accuracy  \(Figures.decimal(accuracy, 4))\n"
        if let topK { text += "top-\(topK.k)     \(Figures.decimal(topK.accuracy, 4))\n" }
        text += "loss      \(Figures.decimal(loss, 4))\n"
        text += "images    \(Figures.count(images)) (\(Figures.speed(imagesPerSecond)))\n"
        if !perClass.isEmpty { text += "\n" + classTable.text() }
        if !confusion.isEmpty, confusion.count <= Self.largestPrintedMatrix {
            text += "\nRows are true classes, columns what was predicted:\n" + matrixTable.text()
        }
        return text
    }

    /// Precision, recall and count of each class.
    var classTable: TextTable {
        var table = TextTable([("class", .left), ("precision", .right), ("recall", .right), ("images", .right)])
        for figures in perClass {
            table.add([figures.name, Figures.decimal(figures.precision), Figures.decimal(figures.recall), Figures.count(figures.images)])
        }
        return table
    }

    /// A row a class; nothing for several labels an image.
    public var classMarkdown: String { perClass.isEmpty ? "" : classTable.markdown }

    /// The confusion matrix, for one label an image.
    public var attachments: [(name: String, shows: String, text: String)] {
        confusion.isEmpty ? [] : [(RunFolder.confusionMatrixName, "what was taken for what", confusionCSV)]
    }

    private var matrixTable: TextTable {
        // Columns carry numbers where names would make the table wider than a screen.
        let fits = classes.reduce(0) { $0 + max(5, $1.count) + 2 } <= 100
        var table = TextTable(
            [("", .left)] + classes.enumerated().map { index, name in (title: fits ? name : String(index), alignment: .right) })
        for (index, row) in confusion.enumerated() {
            table.add([fits ? classes[index] : "\(index) \(classes[index])"] + row.map { $0 == 0 ? "·" : String($0) })
        }
        return table
    }

    /// The confusion matrix as CSV: a row for each true class, a column for each predicted one.
    public var confusionCSV: String {
        CSV.text(["true\\predicted"] + classes, zip(classes, confusion).map { name, row in [name] + row.map(String.init) })
    }
}
