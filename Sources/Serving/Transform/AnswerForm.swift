import Datasets
import Foundation
import Storage
import Weights

/// What the answers of a folder are: of which model, and in which form. It is kept beside them, so that another model's answers are not
/// taken for this one's.
struct AnswerForm: Codable, Equatable {
    /// SHA-256 of the model's weights.
    let model: String
    /// The answers' form, as in `Accept`.
    let type: String
    /// Whether others are being replaced by them.
    var isReplacing = false

    private static let name = ".sightline-answers.json"

    /// The digest of a run's folder, a model folder, an archive or a file of weights.
    /// - Throws: `WeightsError` where it can't be read.
    static func digest(of model: String) throws -> String {
        // In the order in which a model is read.
        let files = ["\(model)/\(ModelFolder.weightsName)", "\(model)/model/\(ModelFolder.weightsName)"]
        return try FileHash.sha256(files.first(where: FileManager.default.fileExists) ?? model)
    }

    /// Compares with what is kept in a store, and keeps this form there. `hasAnswers`: whether answers that are there are to stay.
    /// - Throws: ``ServingError`` where these are others, or what is kept can't be understood; `StorageError`.
    func keep(in store: any ObjectStore, hasAnswers: Bool, at place: String) throws {
        let bytes = try store.information(about: Self.name) == nil ? nil : try store.bytes(of: Self.name)
        let kept = bytes.flatMap { try? JSONDecoder().decode(AnswerForm.self, from: Data($0)) }
        guard bytes == nil || kept != nil || !hasAnswers else {
            throw ServingError(
                .badSettings,
                "\(store.location(of: Self.name)) can't be read, so that nobody knows whose the answers in \(place) are. "
                    + "Add --overwrite to replace them, or give another --output.")
        }
        if kept == self { return }
        if hasAnswers, let kept {
            guard !kept.isReplacing else {
                throw ServingError(
                    .badSettings, "Replacing the answers in \(place) has not come to its end. Add --overwrite to go on with it.")
            }
            let what = kept.model == model ? "of another form (\(kept.type), not \(type))" : "of another model"
            throw ServingError(
                .badSettings, "The answers in \(place) are \(what). Add --overwrite to replace them, or give another --output.")
        }
        try write(to: store)
    }

    /// Keeps this form in a store.
    func write(to store: any ObjectStore) throws { try store.write([UInt8](JSONEncoder().encode(self)), to: Self.name) }
}
