import Foundation
import Glibc
import Reporting
import Training
import Weights

/// The folder that an evaluation writes: `report.html`, `mistakes.csv` and the tables that go with the task.
struct EvaluationOutput {
    /// What the page says of itself in its head.
    private static let writer = "sightline evaluate"
    private let folder: String
    private let title: String
    private let source: String

    /// Makes the folder before the work begins. `network`: what is scored, `task`: what it does, for people. `source`: the data.
    /// - Throws: ``Failure`` for a run's folder, which has a report of its own, or one that can't be written into.
    init(_ folder: String, network: String, task: String?, source: String) throws {
        guard !RunFolder(folder).holdsRun else {
            throw Failure.usage("--output is \(folder), a run's folder, whose own report would be replaced. Give another folder.")
        }
        guard !RunFolder.isForeign(page: "\(folder)/report.html", mark: Self.writer) else {
            throw Failure.usage("--output is \(folder), which holds a report.html that no evaluation has written. Give another folder.")
        }
        try OutputFolder.prepare(folder)
        self.folder = folder.count > 1 && folder.hasSuffix("/") ? String(folder.dropLast()) : folder
        title = network + (task.map { " for \($0)" } ?? "")
        self.source = source
    }

    /// Writes the files, and says where the page is. `mistakes`: as CSV; nil: none were looked for.
    func write(_ summary: any EvaluationSummary, mistakes: String? = nil, gallery: MistakeGallery? = nil) throws {
        // Paths before the last names are somebody's machine.
        let data = source.split(separator: "/").suffix(2).joined(separator: "/")
        var page = ReportPage(title, subtitle: "Scored on \(data).", writer: Self.writer)
        summary.add(to: &page)
        if let gallery { page.add(gallery) }
        for file in summary.attachments { try writeAtomically(file.text, to: "\(folder)/\(file.name)") }
        // Those of an evaluation before this one are not this one's.
        let list = "\(folder)/mistakes.csv"
        if let mistakes { try writeAtomically(mistakes, to: list) } else { unlink(list) }
        try writeAtomically(page.html, to: "\(folder)/report.html")
        TextOutput.standardError.write("report: \(folder)/report.html\n")
    }
}
