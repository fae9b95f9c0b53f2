import Foundation

/// A JSON file of `input/config`.
enum ConfigurationFile {
    /// Decodes a file; nil where there is none.
    /// - Throws: ``ContainerError`` with the field that does not fit.
    static func read<Content: Decodable>(_ path: String, as type: Content.Type) throws -> Content? {
        guard FileManager.default.fileExists(atPath: path) else { return nil }
        guard let data = FileManager.default.contents(atPath: path) else {
            throw ContainerError(at: path, "it cannot be read", remedy: "check its permissions")
        }
        do {
            return try JSONDecoder().decode(Content.self, from: data)
        } catch DecodingError.typeMismatch(_, let context), DecodingError.valueNotFound(_, let context) {
            throw ContainerError(
                at: path, "\(field(context.codingPath)) has another type than the platform gives it",
                remedy: "compare the file with the platform's")
        } catch DecodingError.keyNotFound(let key, let context) {
            throw ContainerError(
                at: path, "\(field(context.codingPath + [key])) is missing", remedy: "compare the file with the platform's")
        } catch {
            throw ContainerError(at: path, "it is no JSON", remedy: "write it again")
        }
    }

    private static func field(_ path: [any CodingKey]) -> String {
        path.isEmpty ? "the whole" : "'" + path.map(\.stringValue).joined(separator: ".") + "'"
    }
}
