import Foundation
import Reporting
import Training
import Weights

/// The folder that an evaluation writes: `report.html`, `mistakes.csv` and the tables that go with the task.
struct EvaluationOutput {
    private let folder: String
    private let title: String
    private let source: String

    /// Makes the folder before the work begins. `network`: what is scored, `task`: what it does, for people. `source`: the data.
    /// - Throws: ``Failure`` for a run's folder, which has a report of its own, or one that can't be written into.
    init(_ folder: String, network: String, task: String?, source: String) throws {
        guard !RunFolder(folder).holdsRun else {
            throw Failure.usage("--output is \(folder), a run's folder, whose own report would be replaced. Give another folder.")
        }
        try OutputFolder.prepare(folder)
        self.folder = folder.count > 1 && folder.hasSuffix("/") ? String(folder.dropLast()) : folder
        title = network + (task.map { " for \($0)" } ?? "")
        self.source = source
    }

    /// Writes the files, and says where the page is. `mistakes`: as CSV; nil: none were looked for.
    func write(_ summary: any EvaluationSummary, mistakes: String?, gallery: MistakeGallery?) throws {
        // Paths before the last names are somebody's machine.
        let data = source.split(separator: "/").suffix(2).joined(separator: "/")
        var page = ReportPage(title, subtitle: "Scored on \(data).")
        summary.add(to: &page)
        if let gallery { page.add(gallery) }
        for file in summary.attachments { try writeAtomically(file.text, to: "\(folder)/\(file.name)") }
        if let mistakes { try writeAtomically(mistakes, to: "\(folder)/mistakes.csv") }
        try writeAtomically(page.html, to: "\(folder)/report.html")
        TextOutput.standardError.write("report: \(folder)/report.html\n")
    }
}
