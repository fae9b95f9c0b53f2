/// Where and how a text breaks JSON's grammar (RFC 8259); callers make a ``DatasetError`` of it that names the line.
struct JSONFault: Error, Equatable {
    /// Bytes from the beginning of the text.
    let offset: Int
    /// What is wrong, without the place.
    let problem: String
}

/// Walks over one JSON text without building anything: a manifest of ten million lines has a few wanted values in each, and Foundation
/// decodes whole documents, at a tenth of this speed. ``value()`` decodes where a value is wanted.
///
/// Grammar is checked everywhere, UTF-8 only in strings that are decoded. `bytes` must outlive the scanner.
struct JSONScanner {
    /// Arrays and objects inside each other; more is refused, for each level takes a piece of the stack.
    static let maximumDepth = 64

    let bytes: UnsafeBufferPointer<UInt8>
    /// The next byte's place.
    var position = 0

    init(_ bytes: UnsafeBufferPointer<UInt8>) { self.bytes = bytes }

    /// The byte at the position; nil at the end.
    @inline(__always) var byte: UInt8? { position < bytes.count ? bytes[position] : nil }

    @inline(__always) mutating func advance() { position += 1 }

    func fault(_ problem: String) -> JSONFault { JSONFault(offset: position, problem: problem) }

    @inline(__always) mutating func skipSpace() {
        while let byte, byte == 0x20 || byte == 0x09 || byte == 0x0A || byte == 0x0D { advance() }
    }

    /// Whether the next byte, blanks apart, is this one, which is then behind the position.
    @inline(__always) mutating func take(_ wanted: UInt8) -> Bool {
        skipSpace()
        guard byte == wanted else { return false }
        advance()
        return true
    }

    /// Nothing but blanks may follow.
    mutating func finish() throws(JSONFault) {
        skipSpace()
        guard byte == nil else { throw fault("there is more behind the end of the value") }
    }

    /// Passes over a value of any kind.
    mutating func skipValue(depth: Int = 0) throws(JSONFault) {
        skipSpace()
        switch byte {
        case UInt8(ascii: "\""): _ = try string()
        case UInt8(ascii: "{"):
            try members(depth: depth) { (scanner, _) throws(JSONFault) in try scanner.skipValue(depth: depth + 1) }
        case UInt8(ascii: "["):
            try elements(depth: depth) { (scanner) throws(JSONFault) in try scanner.skipValue(depth: depth + 1) }
        case UInt8(ascii: "t"): try literal("true")
        case UInt8(ascii: "f"): try literal("false")
        case UInt8(ascii: "n"): try literal("null")
        case nil: throw fault("the text is cut off")
        default: _ = try number()
        }
    }

    /// Passes over an object; `body` must pass over each member's value.
    @inline(__always)
    mutating func members(
        depth: Int = 0, _ body: (inout JSONScanner, JSONString) throws(JSONFault) -> Void
    ) throws(JSONFault) {
        try open(UInt8(ascii: "{"), depth: depth)
        if take(UInt8(ascii: "}")) { return }
        repeat {
            skipSpace()
            guard byte == UInt8(ascii: "\"") else { throw unexpected("a key in quotation marks") }
            let key = try string()
            guard take(UInt8(ascii: ":")) else { throw unexpected("a colon") }
            try body(&self, key)
        } while take(UInt8(ascii: ","))
        guard take(UInt8(ascii: "}")) else { throw unexpected("a comma or '}'") }
    }

    /// Passes over an array; `body` must pass over each element.
    @inline(__always)
    mutating func elements(depth: Int = 0, _ body: (inout JSONScanner) throws(JSONFault) -> Void) throws(JSONFault) {
        try open(UInt8(ascii: "["), depth: depth)
        if take(UInt8(ascii: "]")) { return }
        repeat { try body(&self) } while take(UInt8(ascii: ","))
        guard take(UInt8(ascii: "]")) else { throw unexpected("a comma or ']'") }
    }

    private mutating func open(_ bracket: UInt8, depth: Int) throws(JSONFault) {
        guard take(bracket) else { throw unexpected("'\(Character(UnicodeScalar(bracket)))'") }
        guard depth < Self.maximumDepth else { throw fault("values are nested more than \(Self.maximumDepth) deep") }
    }

    /// Passes over a string, quotation marks included.
    mutating func string() throws(JSONFault) -> JSONString {
        guard byte == UInt8(ascii: "\"") else { throw unexpected("a quotation mark") }
        advance()
        let start = position
        var hasEscapes = false
        while true {
            skipPlainText()
            switch byte {
            case nil: throw fault("the text is cut off in a string")
            case UInt8(ascii: "\""):
                advance()
                return JSONString(range: start..<position - 1, hasEscapes: hasEscapes)
            case UInt8(ascii: "\\"):
                hasEscapes = true
                try escape()
            default: throw fault("a control character stands in a string unescaped")
            }
        }
    }

    // Stops at a quotation mark, backslash, control character or the end; eight bytes at a time, for most of a manifest is strings.
    @inline(__always) private mutating func skipPlainText() {
        let ones: UInt64 = 0x0101_0101_0101_0101
        let tops: UInt64 = 0x8080_8080_8080_8080
        while bytes.count - position >= 8 {
            let word = UnsafeRawBufferPointer(bytes).loadUnaligned(fromByteOffset: position, as: UInt64.self)
            let quote = word ^ (ones &* 0x22)
            let slash = word ^ (ones &* 0x5C)
            let hits = ((quote &- ones) & ~quote) | ((slash &- ones) & ~slash) | ((word &- ones &* 0x20) & ~word)
            // The lowest byte that is marked is marked rightly: borrows only run upwards.
            let marked = UInt64(littleEndian: hits & tops)
            position += marked == 0 ? 8 : marked.trailingZeroBitCount / 8
            if marked != 0 { return }
        }
        while let byte, byte >= 0x20, byte != UInt8(ascii: "\""), byte != UInt8(ascii: "\\") { advance() }
    }

    private mutating func escape() throws(JSONFault) {
        advance()
        switch byte {
        case nil: throw fault("the text is cut off in a string")
        case UInt8(ascii: "u"):
            advance()
            for _ in 0..<4 {
                guard let byte, JSONString.hexDigit(byte) != nil else { throw fault("\\u is not followed by four hexadecimal digits") }
                advance()
            }
        case .some(let byte):
            guard JSONString.meaning(ofEscape: byte) != nil else { throw fault("a backslash is followed by none of \"\\/bfnrtu") }
            advance()
        }
    }

    private mutating func literal(_ word: StaticString) throws(JSONFault) {
        let start = position
        for index in 0..<word.utf8CodeUnitCount {
            guard byte == word.utf8Start[index] else {
                position = start
                throw unexpected("a value")
            }
            advance()
        }
    }

    /// The fault of finding something else here.
    func unexpected(_ wanted: String) -> JSONFault {
        guard position < bytes.count else { return fault("the text is cut off where \(wanted) should stand") }
        let stretch = bytes[position..<min(position + 12, bytes.count)].prefix { $0 > 0x20 && $0 < 0x7F }
        guard !stretch.isEmpty else { return fault("\(wanted) should stand here") }
        return fault("\(wanted) should stand where '\(String(decoding: stretch, as: UTF8.self))' does")
    }
}
