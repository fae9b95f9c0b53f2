/// A table for people: columns as wide as their content, numbers to the right.
struct TextTable {
    enum Alignment { case left, right }

    /// What the columns are called.
    let header: [String]
    /// Their sides.
    let alignments: [Alignment]
    /// Cells, as many a row as there are columns.
    private(set) var rows: [[String]] = []

    init(_ columns: [(title: String, alignment: Alignment)]) {
        header = columns.map(\.title)
        alignments = columns.map(\.alignment)
    }

    mutating func add(_ row: [String]) { rows.append(row) }

    /// The lines, each with an end; header and rows are indented by `indent` blanks.
    func text(indent: Int = 0) -> String {
        let all = [header] + rows
        let widths = header.indices.map { column in all.map { $0[column].count }.max() ?? 0 }
        return all.map { row in
            let cells = row.indices.map { column in
                let blanks = String(repeating: " ", count: widths[column] - row[column].count)
                return alignments[column] == .left ? row[column] + blanks : blanks + row[column]
            }
            let line = String(repeating: " ", count: indent) + cells.joined(separator: "  ")
            return line.trimmingSuffix(while: { $0 == " " }) + "\n"
        }.joined()
    }

    /// A cell in Markdown: the table's own mark is escaped, and a line's end would be the row's.
    static func cell(_ text: String) -> String {
        text.unicodeScalars.reduce(into: "") { cell, scalar in
            switch scalar {
            case "|": cell += "\\|"
            case "<": cell += "&lt;"
            case "\n", "\r": cell += " "
            default: cell.unicodeScalars.append(scalar)
            }
        }
    }

    /// The table in Markdown.
    var markdown: String {
        func line(_ cells: [String]) -> String { "| " + cells.joined(separator: " | ") + " |\n" }
        let rule = line(alignments.map { $0 == .left ? "---" : "---:" })
        return line(header) + rule + rows.map { row in line(row.map(Self.cell)) }.joined()
    }
}

extension StringProtocol {
    fileprivate func trimmingSuffix(while predicate: (Character) -> Bool) -> String {
        var end = endIndex
        while end > startIndex, predicate(self[index(before: end)]) { end = index(before: end) }
        return String(self[..<end])
    }
}
