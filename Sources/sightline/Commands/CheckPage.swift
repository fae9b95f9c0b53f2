import Datasets
import Reporting
import Training
import Weights

/// The folder that a data check writes `report.html` into.
struct CheckPage {
    /// What the page says of itself in its head.
    private static let writer = "sightline check"
    private let file: String

    /// Makes the folder before the work begins.
    /// - Throws: ``Failure`` for a folder whose report is another's, or one that can't be written into.
    init(_ folder: String) throws {
        let place = RunFolder(folder)
        file = place.report
        guard !place.holdsRun, !RunFolder.isForeign(page: file, mark: Self.writer) else {
            throw Failure.usage("--output is \(folder), which holds a report that no check has written. Give another folder.")
        }
        try OutputFolder.prepare(folder)
    }

    /// Writes the page, and says where it is. `data`: the halves that were opened, by name.
    func write(_ report: DataReport, _ data: [String: any AnnotatedImages]) throws {
        try writeAtomically(report.page(data, writer: Self.writer).html, to: file)
        TextOutput.standardError.write("report: \(file)\n")
    }
}
