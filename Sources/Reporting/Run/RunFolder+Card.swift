import Foundation
import Training
import Weights

extension RunFolder {
    /// Writes `README.md`, and the files that go with its evaluation (`confusion_matrix.csv`, `precision_recall.csv`). A README that no run wrote is left alone.
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
}
