/// A JSON text whose keys stay in the order in which they were written, so that lines read and compare well.
public indirect enum JSONValue: Equatable, Sendable {
    /// Names and values in order.
    case object([Member])
    /// Values.
    case array([JSONValue])
    /// Many small whole numbers, such as a mask's, without a box for each.
    case bytes([UInt8])
    /// Text.
    case string(String)
    /// A whole number.
    case integer(Int)
    /// A number with the digits that give it back; `null` where it is no number.
    case number(Double)
    /// A single-precision number with the digits that give it back.
    case float(Float)
    /// `true` or `false`.
    case bool(Bool)
    /// `null`.
    case null

    /// A name and its value.
    public struct Member: Equatable, Sendable {
        let name: String
        let value: JSONValue
    }

    /// An object of names and values; values that are nil are left out.
    public static func members(_ members: KeyValuePairs<String, JSONValue?>) -> JSONValue {
        .object(members.compactMap { name, value in value.map { Member(name: name, value: $0) } })
    }

    /// An object of texts by name, sorted, such as hyperparameters.
    public static func object(of values: [String: String]) -> JSONValue {
        object(of: values.sorted { $0.key < $1.key }.map { (name: $0.key, value: .string($0.value)) })
    }

    /// An object of metrics.
    public static func object(of values: some Sequence<(name: String, value: JSONValue)>) -> JSONValue {
        .object(values.map { Member(name: $0.name, value: $0.value) })
    }

    /// One line, without an end.
    public var line: String {
        var text = ""
        write(to: &text)
        return text
    }

    private func write(to text: inout String) {
        switch self {
        case .object(let members):
            text += "{"
            for (index, member) in members.enumerated() {
                text += index == 0 ? "\"" : ", \""
                Self.escape(member.name, into: &text)
                text += "\": "
                member.value.write(to: &text)
            }
            text += "}"
        case .array(let values):
            text += "["
            for (index, value) in values.enumerated() {
                if index > 0 { text += ", " }
                value.write(to: &text)
            }
            text += "]"
        case .bytes(let values):
            text.reserveCapacity(text.utf8.count + 4 * values.count)
            text += "["
            for (index, value) in values.enumerated() {
                if index > 0 { text += ", " }
                text += Self.digits[Int(value)]
            }
            text += "]"
        case .string(let string):
            text += "\""
            Self.escape(string, into: &text)
            text += "\""
        case .integer(let value): text += String(value)
        case .number(let value): text += value.isFinite ? "\(value)" : "null"
        case .float(let value): text += value.isFinite ? "\(value)" : "null"
        case .bool(let value): text += value ? "true" : "false"
        case .null: text += "null"
        }
    }

    private static let digits = (0...255).map { String($0) }

    private static func escape(_ string: String, into text: inout String) {
        for scalar in string.unicodeScalars {
            switch scalar {
            case "\"": text += "\\\""
            case "\\": text += "\\\\"
            case "\n": text += "\\n"
            case "\r": text += "\\r"
            case "\t": text += "\\t"
            case "\0"..<" ":
                let digits = String(scalar.value, radix: 16)
                text += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
            default: text.unicodeScalars.append(scalar)
            }
        }
    }
}
