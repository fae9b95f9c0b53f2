/// A JSON value that was wanted, decoded. Takes at most about 30 times the bytes of its text.
enum JSONValue: Equatable {
    case null
    case bool(Bool)
    case number(Double)
    case string(String)
    case array([JSONValue])
    /// Of members with the same key the last counts, as in Foundation and Python.
    case object([String: JSONValue])

    /// What messages call the kind of value.
    var kind: String {
        switch self {
        case .null: "null"
        case .bool: "true or false"
        case .number: "a number"
        case .string: "a string"
        case .array: "an array"
        case .object: "an object"
        }
    }

    /// A member of an object; nil for other kinds.
    subscript(_ key: String) -> JSONValue? {
        guard case .object(let members) = self else { return nil }
        return members[key]
    }

    /// The value, shortened, as messages show it.
    var excerpt: String {
        switch self {
        case .null: return "null"
        case .bool(let value): return "\(value)"
        case .number(let value):
            return value.rounded() == value && value.magnitude < 1e15 ? "\(Int(value))" : "\(value)"
        case .string(let text): return "\"\(text.prefix(40))\(text.utf8.count > 160 ? "…" : "")\""
        case .array(let values): return "[" + values.prefix(4).map(\.excerpt).joined(separator: ", ") + (values.count > 4 ? ", …]" : "]")
        case .object(let members): return "{" + members.keys.sorted().prefix(4).map { "\"\($0.prefix(20))\"" }.joined(separator: ", ") + "}"
        }
    }
}

extension JSONValue {
    /// Decodes a file. `place`: what errors name.
    /// - Throws: ``DatasetError`` for a text that is not JSON.
    init(document bytes: [UInt8], place: String) throws {
        let text = bytes.starts(with: [0xEF, 0xBB, 0xBF]) ? bytes.dropFirst(3) : bytes[...]
        do throws(JSONFault) {
            self = try text.withUnsafeBufferPointer { bytes throws(JSONFault) in try JSONScanner.value(of: bytes) }
        } catch {
            throw DatasetError(
                .malformed, at: place, "byte \(error.offset + 1): \(error.problem)", remedy: "correct the JSON, or write it again")
        }
    }
}

extension JSONScanner {
    /// Decodes the value at the position.
    mutating func value(depth: Int = 0) throws(JSONFault) -> JSONValue {
        skipSpace()
        switch byte {
        case UInt8(ascii: "\""): return .string(try string().decoded(from: bytes))
        case UInt8(ascii: "{"):
            var object: [String: JSONValue] = [:]
            try members(depth: depth) { (scanner, key) throws(JSONFault) in
                object[try key.decoded(from: scanner.bytes)] = try scanner.value(depth: depth + 1)
            }
            return .object(object)
        case UInt8(ascii: "["):
            var array: [JSONValue] = []
            try elements(depth: depth) { (scanner) throws(JSONFault) in array.append(try scanner.value(depth: depth + 1)) }
            return .array(array)
        case UInt8(ascii: "t"), UInt8(ascii: "f"), UInt8(ascii: "n"):
            let first = byte
            try skipValue()
            return first == UInt8(ascii: "n") ? .null : .bool(first == UInt8(ascii: "t"))
        case nil: throw fault("the text is cut off")
        default: return .number(try number())
        }
    }

    /// Passes over an object and says where the values of the wanted keys stand; of equal keys the last counts.
    mutating func ranges(of wanted: [[UInt8]]) throws(JSONFault) -> [Range<Int>?] {
        var found = [Range<Int>?](repeating: nil, count: wanted.count)
        try members { (scanner, key) throws(JSONFault) in
            scanner.skipSpace()
            let start = scanner.position
            try scanner.skipValue(depth: 1)
            for index in 0..<wanted.count where key.matches(wanted[index], in: scanner.bytes) { found[index] = start..<scanner.position }
        }
        return found
    }

    /// Decodes a whole text.
    static func value(of bytes: UnsafeBufferPointer<UInt8>) throws(JSONFault) -> JSONValue {
        var scanner = JSONScanner(bytes)
        let value = try scanner.value()
        try scanner.finish()
        return value
    }

    /// Decodes a value that stands at a range.
    static func value(of bytes: UnsafeBufferPointer<UInt8>, at range: Range<Int>) throws(JSONFault) -> JSONValue {
        do {
            return try value(of: UnsafeBufferPointer(rebasing: bytes[range]))
        } catch {
            throw JSONFault(offset: range.lowerBound + error.offset, problem: error.problem)
        }
    }
}
