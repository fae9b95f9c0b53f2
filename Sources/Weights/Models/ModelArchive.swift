import Foundation

/// A model's folder in one file, `.tar.gz` or `.tar`: what a platform makes of `/opt/ml/model` and gives back in a channel `model`.
///
/// Only the model's own two files are taken out, at the archive's root or in one folder; nothing else is written anywhere.
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
        var depths: [String: Int] = [:]
        var others: [String] = []
        while let entry = try reader.next() {
            let parts = entry.name.split(separator: "/").filter { $0 != "." }
            guard let name = parts.last.map(String.init), !name.hasPrefix("._") else { continue }
            let isWanted = name == ModelFolder.weightsName || name == ModelFolder.descriptionName
            guard isWanted, parts.count <= 2, parts.count < depths[name] ?? .max else {
                others.append(entry.name)
                continue
            }
            depths[name] = parts.count
            var file = try AtomicFile(path: folder + "/" + name)
            try reader.copy { try file.write($0) }
            try file.commit()
        }
        guard depths[ModelFolder.weightsName] != nil else {
            let found = others.isEmpty ? "nothing" : others.prefix(4).joined(separator: ", ")
            let remedy =
                others.contains { $0.hasSuffix(".params") }
                ? "It is a model of the original algorithm, whose MXNet weights are not read; train one with Sightline first."
                : "Give the model.tar.gz of a Sightline run."
            throw WeightsError(.unknownFormat, "\(path) holds no \(ModelFolder.weightsName) but \(found). \(remedy)")
        }
    }
}
