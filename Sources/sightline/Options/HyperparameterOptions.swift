import ArgumentParser
import Foundation

/// Hyperparameters from the command line and from a file; the command line wins.
struct HyperparameterOptions: ParsableArguments {
    @Option(name: .customShort("p"), help: ArgumentHelp("A hyperparameter; may be repeated.", valueName: "name=value"))
    var pairs: [Pair] = []

    @Option(help: ArgumentHelp("A flat JSON object of hyperparameters, values as text or JSON's own.", valueName: "file"))
    var hyperparameters: String?

    /// `name=value`.
    struct Pair: ExpressibleByArgument {
        let name: String
        let value: String

        init?(argument: String) {
            guard let sign = argument.firstIndex(of: "="), sign != argument.startIndex else { return nil }
            name = String(argument[..<sign])
            value = String(argument[argument.index(after: sign)...])
        }
    }

    /// The values by name.
    func values() throws -> [String: String] {
        var values: [String: String] = [:]
        if let hyperparameters {
            values = try Self.read(hyperparameters)
            // What a run's own hyperparameters.json says of its start is no hyperparameter.
            for name in RunRecord.names { values[name] = nil }
        }
        for pair in pairs { values[pair.name] = pair.value }
        return values
    }

    private static func read(_ path: String) throws -> [String: String] {
        guard let data = FileManager.default.contents(atPath: path) else {
            throw Failure.usage("\(path) cannot be read. Check the path given to --hyperparameters.")
        }
        do {
            return try JSONDecoder().decode([String: Value].self, from: data).compactMapValues(\.text)
        } catch DecodingError.typeMismatch(_, let context), DecodingError.valueNotFound(_, let context) {
            let place = context.codingPath.first.map { "the value of '\($0.stringValue)' is nested" } ?? "it is no object"
            throw Failure.usage("\(path): \(place). Write one flat JSON object, such as {\"epochs\": 10}.")
        } catch {
            throw Failure.usage("\(path) is no JSON. Write one flat JSON object, such as {\"epochs\": 10}.")
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
                self = .one(try container.decode(String.self))
            }
        }
    }
}

/// What a run records beside its hyperparameters.
enum RunRecord {
    /// Where the weights came from.
    static let start = "start"
    /// The share that was held out.
    static let validationSplit = "validation_split"
    static let names = [start, validationSplit]
}
