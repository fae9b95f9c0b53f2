/// What was taken for what, as a table whose cells are the darker the more of their row they hold.
struct ConfusionTable {
    /// Names of the classes.
    let classes: [String]
    /// Rows are true classes, columns predicted ones.
    let counts: [[Int]]
    /// Whether cells are percent of their row, where whole numbers are too large to be read.
    var showsShares = false

    /// The most classes that a page has room for.
    static let largest = 40

    /// The table; empty where there are too many classes.
    var html: String {
        guard !counts.isEmpty, counts.count <= Self.largest else { return "" }
        let head = classes.map { "<th><span>\(HTML.escaped($0))</span></th>" }.joined()
        let rows = counts.indices.map { row in "<tr><th>\(HTML.escaped(classes[row]))</th>\(cells(row))</tr>\n" }.joined()
        return "<p class=\"note\">Rows are true classes, columns what was predicted\(showsShares ? ", in percent of the row" : "").</p>\n"
            + "<div class=\"wide\"><table class=\"matrix\">\n<thead><tr><th></th>\(head)</tr></thead>\n<tbody>\n\(rows)</tbody>\n</table></div>\n"
    }

    private func cells(_ row: Int) -> String {
        let total = counts[row].reduce(0, +)
        return counts[row].enumerated().map { column, count in
            guard count > 0 else { return "<td></td>" }
            let share = Double(count) / Double(total)
            let text = showsShares ? Figures.decimal(100 * share, 1) : Figures.count(count)
            let tone = row == column ? "right" : "wrong"
            // Mistakes are few: their root is what is seen.
            let strength = row == column ? share * 0.7 : share.squareRoot() * 0.7
            let title = "\(classes[row]) taken for \(classes[column]): \(Figures.count(count)), \(Figures.decimal(100 * share, 1)) %"
            return
                "<td style=\"background: rgba(var(--\(tone)), \(Figures.decimal(strength, 2)))\" title=\"\(HTML.escaped(title))\">\(text)</td>"
        }.joined()
    }

    /// The pairs that are mistaken most often, as a table; nil where nothing is mistaken.
    func mostOften(_ limit: Int = 12, counting noun: String) -> TextTable? {
        let pairs = counts.indices.flatMap { row in
            counts[row].indices.filter { $0 != row && counts[row][$0] > 0 }.map { (row: row, column: $0, count: counts[row][$0]) }
        }
        guard !pairs.isEmpty else { return nil }
        var table = TextTable([("class", .left), ("taken for", .left), (noun, .right), ("of the class", .right)])
        for pair in pairs.sorted(by: { (-$0.count, $0.row, $0.column) < (-$1.count, $1.row, $1.column) }).prefix(limit) {
            let total = counts[pair.row].reduce(0, +)
            table.add([
                classes[pair.row], classes[pair.column], Figures.count(pair.count),
                Figures.decimal(100 * Double(pair.count) / Double(max(1, total)), 1) + " %",
            ])
        }
        return table
    }
}
