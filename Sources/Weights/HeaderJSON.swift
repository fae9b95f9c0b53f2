/// A JSON value whose objects keep the order of their members, which Foundation's reader does not. Enough for file
/// headers: numbers other than 64-bit integers are kept as `other`.
indirect enum HeaderJSON: Equatable {
    case object([(name: String, value: HeaderJSON)])
    case array([HeaderJSON])
    case string(String)
    case integer(Int)
    case other

    static func == (left: HeaderJSON, right: HeaderJSON) -> Bool {
        switch (left, right) {
        case (.object(let a), .object(let b)): a.elementsEqual(b) { $0.name == $1.name && $0.value == $1.value }
        case (.array(let a), .array(let b)): a == b
        case (.string(let a), .string(let b)): a == b
        case (.integer(let a), .integer(let b)): a == b
        case (.other, .other): true
        default: false
        }
    }

    /// What is wrong with a text and at which byte.
    struct Fault: Error {
        var offset: Int
        var problem: String
    }

    /// Parses a whole JSON text in UTF-8; white space may surround it.
    init(parsing text: UnsafeRawBufferPointer) throws(Fault) {
        var parser = HeaderJSONParser(text: text)
        self = try parser.value(depth: 0)
        try parser.expectEnd()
    }
}

/// A strict recursive-descent reader (RFC 8259) with a limit on nesting.
private struct HeaderJSONParser {
    let text: UnsafeRawBufferPointer
    var offset = 0

    init(text: UnsafeRawBufferPointer) {
        self.text = text
    }

    private func fault(_ problem: String) -> HeaderJSON.Fault { .init(offset: offset, problem: problem) }

    private var byte: UInt8? { offset < text.count ? text[offset] : nil }

    private mutating func skipSpace() {
        while let byte, byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09 { offset += 1 }
    }

    private mutating func take(_ character: Character) -> Bool {
        guard let byte, byte == character.asciiValue else { return false }
        offset += 1
        return true
    }

    private mutating func expect(_ character: Character) throws(HeaderJSON.Fault) {
        skipSpace()
        if !take(character) { throw fault("\"\(character)\" expected") }
    }

    mutating func expectEnd() throws(HeaderJSON.Fault) {
        skipSpace()
        if byte != nil { throw fault("text after the JSON value") }
    }

    mutating func value(depth: Int) throws(HeaderJSON.Fault) -> HeaderJSON {
        if depth > 16 { throw fault("nested more than 16 deep") }
        skipSpace()
        guard let byte else { throw fault("the text ends early") }
        switch byte {
        case UInt8(ascii: "{"): return try object(depth: depth)
        case UInt8(ascii: "["): return try array(depth: depth)
        case UInt8(ascii: "\""): return .string(try string())
        case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"): return number()
        default: return try word()
        }
    }

    private mutating func object(depth: Int) throws(HeaderJSON.Fault) -> HeaderJSON {
        offset += 1
        var members: [(name: String, value: HeaderJSON)] = []
        skipSpace()
        if take("}") { return .object([]) }
        while true {
            skipSpace()
            guard byte == UInt8(ascii: "\"") else { throw fault("a name in quotation marks expected") }
            let name = try string()
            try expect(":")
            members.append((name, try value(depth: depth + 1)))
            skipSpace()
            if take("}") { return .object(members) }
            try expect(",")
        }
    }

    private mutating func array(depth: Int) throws(HeaderJSON.Fault) -> HeaderJSON {
        offset += 1
        var elements: [HeaderJSON] = []
        skipSpace()
        if take("]") { return .array([]) }
        while true {
            elements.append(try value(depth: depth + 1))
            skipSpace()
            if take("]") { return .array(elements) }
            try expect(",")
        }
    }

    private mutating func number() -> HeaderJSON {
        let start = offset
        while let byte, "+-.eE0123456789".utf8.contains(byte) { offset += 1 }
        let digits = String(decoding: text[start..<offset], as: UTF8.self)
        return Int(digits).map { .integer($0) } ?? .other
    }

    private mutating func word() throws(HeaderJSON.Fault) -> HeaderJSON {
        for word in ["true", "false", "null"] where text[offset...].starts(with: word.utf8) {
            offset += word.utf8.count
            return .other
        }
        throw fault("a value expected")
    }

    private mutating func string() throws(HeaderJSON.Fault) -> String {
        offset += 1
        var units: [UInt8] = []
        while let byte {
            offset += 1
            switch byte {
            case UInt8(ascii: "\""):
                guard let string = String(validating: units, as: UTF8.self) else { throw fault("a string is not UTF-8") }
                return string
            case UInt8(ascii: "\\"): try escape(into: &units)
            case 0..<0x20: throw fault("a control character in a string")
            default: units.append(byte)
            }
        }
        throw fault("a string has no end")
    }

    private mutating func escape(into units: inout [UInt8]) throws(HeaderJSON.Fault) {
        guard let byte else { throw fault("a string has no end") }
        offset += 1
        switch byte {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): units.append(byte)
        case UInt8(ascii: "b"): units.append(0x08)
        case UInt8(ascii: "f"): units.append(0x0C)
        case UInt8(ascii: "n"): units.append(0x0A)
        case UInt8(ascii: "r"): units.append(0x0D)
        case UInt8(ascii: "t"): units.append(0x09)
        case UInt8(ascii: "u"):
            var code = try hexadecimal()
            if (0xD800..<0xDC00).contains(code), text[offset...].starts(with: "\\u".utf8) {
                offset += 2
                let low = try hexadecimal()
                guard (0xDC00..<0xE000).contains(low) else { throw fault("half a surrogate pair") }
                code = 0x10000 + (code - 0xD800) << 10 + (low - 0xDC00)
            }
            guard let scalar = Unicode.Scalar(code) else { throw fault("half a surrogate pair") }
            units.append(contentsOf: String(scalar).utf8)
        default: throw fault("an unknown escape in a string")
        }
    }

    private mutating func hexadecimal() throws(HeaderJSON.Fault) -> UInt32 {
        guard text.count - offset >= 4 else { throw fault("a string has no end") }
        var code: UInt32 = 0
        for _ in 0..<4 {
            guard let digit = Character(Unicode.Scalar(text[offset])).hexDigitValue else {
                throw fault("four hexadecimal digits expected")
            }
            code = code << 4 | UInt32(digit)
            offset += 1
        }
        return code
    }
}

/// A string as a JSON literal with its quotation marks.
func jsonLiteral(_ string: String) -> String {
    var literal = "\""
    for scalar in string.unicodeScalars {
        switch scalar {
        case "\"": literal += "\\\""
        case "\\": literal += "\\\\"
        case "\n": literal += "\\n"
        case "\r": literal += "\\r"
        case "\t": literal += "\\t"
        case _ where scalar.value < 0x20:
            let digits = String(scalar.value, radix: 16)
            literal += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
        default: literal.unicodeScalars.append(scalar)
        }
    }
    return literal + "\""
}
