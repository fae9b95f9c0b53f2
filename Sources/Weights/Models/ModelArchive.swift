import Foundation

/// A model's folder in one file, `.tar.gz` or `.tar`: what a platform makes of `/opt/ml/model` and gives back in a channel `model`.
///
/// Only the model's own two files are taken out, at the archive's root or in one folder; nothing else is written anywhere. Of a run's folder
/// that is `model`, the best one.
public enum ModelArchive {
    /// Whether a name is that of an archive.
    public static func isArchive(_ path: String) -> Bool {
        let name = path.lowercased()
        return [".tar.gz", ".tgz", ".tar"].contains { name.hasSuffix($0) }
    }

    /// Takes the model out of an archive.
    ///
    /// - Parameters:
    ///   - path: the archive.
    ///   - folder: where `model.safetensors` and `model.json` go; it exists.
    /// - Throws: ``WeightsError`` where the archive is damaged or cut, or holds no model.
    public static func unpack(_ path: String, to folder: String) throws {
        let reader = try TarReader(path)
        var places: [String: (rank: Int, folder: String)] = [:]
        var others: [String] = []
        while let entry = try reader.next() {
            let parts = entry.name.split(separator: "/").filter { $0 != "." }
            guard let name = parts.last.map(String.init), !name.hasPrefix("._") else { continue }
            let isWanted = name == ModelFolder.weightsName || name == ModelFolder.descriptionName
            let inner = parts.count == 2 ? String(parts[0]) : ""
            // As a folder is read: its own files, then those in `model`.
            let rank = inner.isEmpty ? 0 : inner == "model" ? 1 : inner == "last" ? 3 : 2
            guard isWanted, parts.count <= 2, rank < places[name]?.rank ?? .max else {
                others.append(entry.name)
                continue
            }
            places[name] = (rank, inner)
            var file = try AtomicFile(path: folder + "/" + name)
            try reader.copy { try file.write($0) }
            try file.commit()
        }
        guard let weights = places[ModelFolder.weightsName] else {
            let found = others.isEmpty ? "nothing" : others.prefix(4).joined(separator: ", ")
            let remedy =
                others.contains { $0.hasSuffix(".params") }
                ? "It is a model of the original algorithm, whose MXNet weights are not read; train one with Sightline first."
                : "Give the model.tar.gz of a Sightline run."
            throw WeightsError(.unknownFormat, "\(path) holds no \(ModelFolder.weightsName) but \(found). \(remedy)")
        }
        // What lies elsewhere describes another model.
        if let description = places[ModelFolder.descriptionName], description.folder != weights.folder {
            try? FileManager.default.removeItem(atPath: folder + "/" + ModelFolder.descriptionName)
        }
    }
}
