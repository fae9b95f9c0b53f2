import Foundation

/// Hyperparameters in a file: one flat JSON object, values as text or as JSON's own numbers and truth values.
public enum HyperparameterFile {
    /// The values by name, as text; `null` is no value.
    ///
    /// A text that is itself JSON text (`"\"sgd\""`) is taken for what it says: tools that encode values twice are common.
    /// - Throws: ``TaskError`` where the file can't be read, is no JSON or is nested.
    public static func read(_ path: String) throws -> [String: String] {
        guard let data = FileManager.default.contents(atPath: path) else {
            throw TaskError("\(path) cannot be read. Check that it exists and may be read.")
        }
        do {
            return try JSONDecoder().decode([String: Value].self, from: data).compactMapValues(\.text)
        } catch DecodingError.typeMismatch(_, let context), DecodingError.valueNotFound(_, let context) {
            let place = context.codingPath.first.map { "the value of '\($0.stringValue)' is nested" } ?? "it is no object"
            throw TaskError("\(path): \(place). Write one flat JSON object, such as {\"epochs\": 10}.")
        } catch {
            throw TaskError("\(path) is no JSON. Write one flat JSON object, such as {\"epochs\": 10}.")
        }
    }

    /// A hyperparameter as JSON may have it.
    private enum Value: Decodable {
        case null
        case one(String)

        var text: String? { if case .one(let text) = self { text } else { nil } }

        init(from decoder: any Decoder) throws {
            let container = try decoder.singleValueContainer()
            if container.decodeNil() {
                self = .null
            } else if let flag = try? container.decode(Bool.self) {
                self = .one(flag ? "1" : "0")
            } else if let number = try? container.decode(Int.self) {
                self = .one(String(number))
            } else if let number = try? container.decode(Double.self) {
                self = .one(String(number))
            } else if let numbers = try? container.decode([Int].self) {
                self = .one(numbers.map(String.init).joined(separator: ","))
            } else {
                self = .one(Self.unquoted(try container.decode(String.self)))
            }
        }

        private static func unquoted(_ text: String) -> String {
            guard text.count >= 2, text.hasPrefix("\""), text.hasSuffix("\"") else { return text }
            return (try? JSONDecoder().decode(String.self, from: Data(text.utf8))) ?? text
        }
    }
}
