import Foundation
import Training
import Weights

extension RunFolder {
    /// Writes `README.md` and the files that go with the evaluation (`confusion_matrix.csv`, `precision_recall.csv`). A README that no run
    /// wrote is left alone.
    /// - Returns: whether the card was written.
    /// - Throws: `WeightsError` where a file can't be written.
    @discardableResult
    public func write(_ card: ModelCard) throws -> Bool {
        for file in card.evaluation?.attachments ?? [] { try writeAtomically(file.text, to: path + "/" + file.name) }
        let old = FileManager.default.contents(atPath: self.card).map { String(decoding: $0, as: UTF8.self) }
        if let old, !ModelCard.isCard(old) { return false }
        try writeAtomically(card.markdown, to: self.card)
        return true
    }

    /// Writes `report.html`, without which a run is as good: what keeps it from being written is no error.
    /// - Returns: what a user should know; nil where it was written.
    public func writePage(_ card: ModelCard) -> String? {
        do {
            return try write(RunPage(card)) ? nil : "\(report) is none that a run has written, and stays as it is."
        } catch {
            return "\(error) There is no page."
        }
    }

    /// Writes `report.html`, unless one is there that no run wrote.
    /// - Returns: whether it was written.
    func write(_ page: RunPage) throws -> Bool {
        guard !holdsForeignReport else { return false }
        try writeAtomically(page.html, to: report)
        return true
    }
}
