extension EvaluationReport {
    /// Figures, classes, and what was taken for what.
    public func add(to page: inout ReportPage) {
        page.add(
            "Figures",
            HTML.figures([
                ("accuracy", Figures.decimal(accuracy, 4)), ("top-\(topK?.k ?? 0)", topK.map { Figures.decimal($0.accuracy, 4) }),
                ("loss", Figures.decimal(loss, 4)), ("images", Figures.count(images)),
            ]))
        if !perClass.isEmpty { page.add("Classes", classTable.html) }
        page.add(ConfusionTable(classes: classes, counts: confusion), counting: "images")
    }
}

extension ReportPage {
    /// Adds a confusion matrix, and the pairs that were mistaken most often. `counting`: what its numbers are of.
    mutating func add(_ matrix: ConfusionTable, counting noun: String) {
        let often = matrix.mostOften(counting: noun).map { "<div><p class=\"note\">Most often:</p>\n\($0.html)</div>\n" } ?? ""
        let parts = (matrix.html.isEmpty ? "" : "<div>\(matrix.html)</div>\n") + often
        if !parts.isEmpty { add("What was taken for what", "<div class=\"beside\">\n\(parts)</div>\n") }
    }
}
