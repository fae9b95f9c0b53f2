import Foundation
import Logging
import Reporting

/// Writes log messages as lines: JSON objects for collectors, or text for people.
public struct LineLogHandler: LogHandler {
    /// Of messages below it nothing is written.
    public var logLevel: Logger.Level
    /// Added to every message.
    public var metadata: Logger.Metadata = [:]
    private let asJSON: Bool
    private let label: String
    private let write: @Sendable (String) -> Void

    /// A handler. `write`: takes whole lines from any thread.
    public init(label: String, level: Logger.Level = .info, asJSON: Bool, write: @escaping @Sendable (String) -> Void) {
        self.label = label
        self.asJSON = asJSON
        self.write = write
        logLevel = level
    }

    /// A value that every message carries.
    public subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    /// Writes one message.
    public func log(event: LogEvent) {
        let all = metadata.merging(event.metadata ?? [:]) { $1 }.sorted { $0.key < $1.key }
        let time = Date().formatted(.iso8601.year().month().day().time(includingFractionalSeconds: true))
        if asJSON {
            let fields: [(name: String, value: JSONValue)] =
                [("time", .string(time)), ("level", .string(event.level.rawValue)), ("message", .string("\(event.message)"))]
                + all.map { ($0.key, Self.json($0.value)) }
            write(JSONValue.object(of: fields).line + "\n")
        } else {
            let text = "\(event.message)\(all.map { " \($0.key)=\($0.value)" }.joined())"
            write("\(time) \(event.level.rawValue) \(Self.visible(text))\n")
        }
    }

    /// Control characters as \u{1b}: what a client has sent must neither begin a line nor command a terminal.
    static func visible(_ text: String) -> String {
        text.unicodeScalars.reduce(into: "") { line, scalar in
            let isControl = scalar.properties.generalCategory == .control || [0x2028, 0x2029].contains(scalar.value)
            if isControl { line += "\\u{\(String(scalar.value, radix: 16))}" } else { line.unicodeScalars.append(scalar) }
        }
    }

    private static func json(_ value: Logger.MetadataValue) -> JSONValue {
        switch value {
        case .string(let text): .string(text)
        case .stringConvertible(let number as Int): .integer(number)
        case .stringConvertible(let number as Double): .number(number)
        case .stringConvertible(let value): .string("\(value)")
        case .array(let values): .array(values.map(json))
        case .dictionary(let values): .object(of: values.sorted { $0.key < $1.key }.map { (name: $0.key, value: json($0.value)) })
        }
    }
}
