import Foundation
import Training
import Weights

extension RunFolder {
    /// Writes `README.md`, `report.html` and the files that go with the evaluation (`confusion_matrix.csv`, `precision_recall.csv`). A README
    /// that no run wrote is left alone.
    /// - Returns: whether the card was written.
    /// - Throws: `WeightsError` where a file can't be written.
    @discardableResult
    public func write(_ card: ModelCard) throws -> Bool {
        for file in card.evaluation?.attachments ?? [] { try writeAtomically(file.text, to: path + "/" + file.name) }
        try write(RunPage(card))
        let old = FileManager.default.contents(atPath: self.card).map { String(decoding: $0, as: UTF8.self) }
        if let old, !ModelCard.isCard(old) { return false }
        try writeAtomically(card.markdown, to: self.card)
        return true
    }

    /// Writes `report.html`.
    func write(_ page: RunPage) throws { try writeAtomically(page.html, to: report) }
}
