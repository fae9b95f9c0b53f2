import Foundation
import Glibc
import Reporting
import Training
import Weights

/// The folder that an evaluation writes: `report.html`, `mistakes.csv` and the tables that go with the task.
struct EvaluationOutput {
    /// What the page says of itself in its head.
    private static let writer = "sightline evaluate"
    private static let mistakes = "mistakes.csv"
    private static let tables = [mistakes, RunFolder.confusionMatrixName, RunFolder.precisionRecallName]
    private let folder: String
    private let title: String
    private let source: String

    /// Makes the folder before the work begins. `network`: what is scored, `task`: what it does, for people. `source`: the data.
    /// - Throws: ``Failure`` for a run's folder, which has a report of its own, or one that can't be written into.
    init(_ folder: String, network: String, task: String?, source: String) throws {
        guard !RunFolder(folder).holdsRun else {
            throw Failure.usage("--output is \(folder), a run's folder, whose own report would be replaced. Give another folder.")
        }
        let page = "\(folder)/report.html"
        let others = RunFolder.isForeign(page: page, mark: Self.writer) ? ["report.html"] : []
        let hasOwn = others.isEmpty && FileManager.default.fileExists(atPath: page)
        // Tables beside a page of ours are of that page.
        let tables = hasOwn ? [] : Self.tables.filter { FileManager.default.fileExists(atPath: "\(folder)/\($0)") }
        if let other = (others + tables).first {
            throw Failure.usage("--output is \(folder), which holds a \(other) that no evaluation has written. Give another folder.")
        }
        try OutputFolder.prepare(folder)
        self.folder = folder.count > 1 && folder.hasSuffix("/") ? String(folder.dropLast()) : folder
        title = network + (task.map { " for \($0)" } ?? "")
        self.source = source
    }

    /// Writes the files, and says where the page is. `mistakes`: as CSV; nil: none were looked for.
    func write(_ summary: any EvaluationSummary, mistakes: String? = nil, gallery: PictureGallery? = nil) throws {
        var page = ReportPage(title, subtitle: "Scored on \(Listing.shortened(source)).", writer: Self.writer)
        summary.add(to: &page)
        if let gallery { page.add(gallery) }
        var files = Dictionary(uniqueKeysWithValues: summary.attachments.map { ($0.name, $0.text) })
        files[Self.mistakes] = mistakes
        for name in Self.tables {
            // Those of an evaluation before this one are not this one's.
            if let text = files[name] { try writeAtomically(text, to: "\(folder)/\(name)") } else { unlink("\(folder)/\(name)") }
        }
        try writeAtomically(page.html, to: "\(folder)/report.html")
        TextOutput.standardError.write("report: \(folder)/report.html\n")
    }
}
