import Foundation
import Machine

/// A model on disk: a folder with `model.json` (what it is) and `model.safetensors` (its weights, with a copy of the description).
public enum ModelFolder {
    /// The weights' file name.
    public static let weightsName = "model.safetensors"
    /// The description's file name.
    public static let descriptionName = "model.json"
    /// The key of the description's copy in the weights' metadata.
    static let metadataKey = "sightline"

    /// Writes a model. Each file is complete or absent; the weights, which are enough to load the model, come first.
    public static func write(_ description: ModelDescription, weights: [WeightArray], to folder: String) throws {
        do {
            try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        } catch {
            throw WeightsError(.system, "\(folder) cannot be made: \(error.systemReason). Choose another --output.")
        }
        var description = description
        // JSON has no word for them.
        description.metrics = description.metrics.filter(\.value.isFinite)
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        let compact = String(decoding: try encoder.encode(description), as: UTF8.self)
        try SafeTensors.write(weights, metadata: [metadataKey: compact, "format": "pt"], to: folder + "/" + weightsName)
        encoder.outputFormatting.insert(.prettyPrinted)
        try writeAtomically([UInt8](try encoder.encode(description)) + [0x0A], to: folder + "/" + descriptionName)
    }

    /// Reads a model folder, its `.tar.gz`, its `model.safetensors` alone, or — where nothing describes the model — only weights.
    /// - Returns: the weights, and the description where there is one.
    /// - Throws: ``WeightsError`` that names the file and what is wrong with it.
    public static func read(_ path: String) throws -> (description: ModelDescription?, weights: WeightDictionary) {
        var isFolder: ObjCBool = false
        guard FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) else {
            throw WeightsError(.system, "\(path): there is no such model. Give a model folder, or a .safetensors, .pth or .th file.")
        }
        guard isFolder.boolValue else {
            if ModelArchive.isArchive(path) { return try readArchive(path) }
            let weights = try WeightFile.read(path)
            return (try weights.metadata[metadataKey].map { try describe(Data($0.utf8), in: path) }, weights)
        }
        let file = path + "/" + weightsName
        guard FileManager.default.fileExists(atPath: file) else {
            // The folder of a run holds its best model in a folder of its own.
            let inner = path + "/model"
            if FileManager.default.fileExists(atPath: inner + "/" + weightsName) { return try read(inner) }
            throw WeightsError(
                .system, "\(path): this folder holds no \(weightsName), so it is no model. Give the folder `model` of a run.")
        }
        let weights = try WeightFile.read(file)
        if let data = FileManager.default.contents(atPath: path + "/" + descriptionName) {
            return (try describe(data, in: path + "/" + descriptionName), weights)
        }
        return (try weights.metadata[metadataKey].map { try describe(Data($0.utf8), in: file) }, weights)
    }

    /// The model in an archive. Its weights stay mapped when the files are gone.
    private static func readArchive(_ path: String) throws -> (description: ModelDescription?, weights: WeightDictionary) {
        let folder = NSTemporaryDirectory() + "sightline-model-\(UUID().uuidString)"
        do {
            try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        } catch {
            throw WeightsError(.system, "\(folder) cannot be made: \(error.systemReason). Set TMPDIR to a folder with room.")
        }
        defer { try? FileManager.default.removeItem(atPath: folder) }
        try ModelArchive.unpack(path, to: folder)
        return try read(folder)
    }

    private static func describe(_ data: Data, in file: String) throws -> ModelDescription {
        let description: ModelDescription
        do {
            description = try JSONDecoder().decode(ModelDescription.self, from: data)
        } catch {
            throw WeightsError(.damaged, "\(file): the description of the model does not parse (\(reason(error))). Restore the file.")
        }
        guard description.formatVersion <= ModelDescription.currentVersion else {
            throw WeightsError(
                .unsupported,
                "\(file): the model was written in form \(description.formatVersion), and this program knows \(ModelDescription.currentVersion). Use a newer sightline."
            )
        }
        return description
    }

    private static func reason(_ error: any Error) -> String {
        switch error {
        case DecodingError.keyNotFound(let key, _): "'\(key.stringValue)' is missing"
        case DecodingError.typeMismatch(_, let context), DecodingError.valueNotFound(_, let context):
            "'\(context.codingPath.map(\.stringValue).joined(separator: "."))' has another type"
        default: "it is not JSON"
        }
    }
}
