/// Where a string stands in a JSON text, between its quotation marks.
struct JSONString {
    let range: Range<Int>
    let hasEscapes: Bool

    /// Whether the string, decoded, is this text.
    @inline(__always)
    func matches(_ text: [UInt8], in bytes: UnsafeBufferPointer<UInt8>) -> Bool {
        if hasEscapes { return (try? decoded(from: bytes)).map { Array($0.utf8) == text } ?? false }
        guard range.count == text.count else { return false }
        for index in 0..<text.count where bytes[range.lowerBound + index] != text[index] { return false }
        return true
    }

    /// Whether the string, decoded, is this text.
    @inline(__always)
    func matches(_ text: StaticString, in bytes: UnsafeBufferPointer<UInt8>) -> Bool {
        matches(UnsafeBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount), in: bytes)
    }

    /// Whether the string, decoded, is this text.
    @inline(__always)
    func matches(_ text: UnsafeBufferPointer<UInt8>, in bytes: UnsafeBufferPointer<UInt8>) -> Bool {
        if hasEscapes { return (try? decoded(from: bytes)).map { $0.utf8.elementsEqual(text) } ?? false }
        guard range.count == text.count else { return false }
        for index in 0..<text.count where bytes[range.lowerBound + index] != text[index] { return false }
        return true
    }

    /// The text that the string stands for.
    ///
    /// A half of a surrogate pair is a fault: nothing that has a name is called so.
    func decoded(from bytes: UnsafeBufferPointer<UInt8>) throws(JSONFault) -> String {
        let source = UnsafeBufferPointer(rebasing: bytes[range])
        var units: [UInt8] = []
        if hasEscapes { units = try unescaped(source) }
        let text = hasEscapes ? String(validating: units, as: UTF8.self) : String(validating: source, as: UTF8.self)
        guard let text else { throw JSONFault(offset: range.lowerBound, problem: "a string is not UTF-8") }
        return text
    }

    private func unescaped(_ source: UnsafeBufferPointer<UInt8>) throws(JSONFault) -> [UInt8] {
        var units: [UInt8] = []
        units.reserveCapacity(source.count)
        var index = 0
        while index < source.count {
            let byte = source[index]
            index += 1
            guard byte == UInt8(ascii: "\\") else {
                units.append(byte)
                continue
            }
            guard index < source.count else { break }
            let kind = source[index]
            index += 1
            if kind != UInt8(ascii: "u") {
                units.append(Self.meaning(ofEscape: kind) ?? kind)
                continue
            }
            let high = Self.codeUnit(in: source, at: index)
            index += 4
            var value = UInt32(high)
            if high & 0xFC00 == 0xD800, index + 6 <= source.count, source[index] == UInt8(ascii: "\\"),
                source[index + 1] == UInt8(ascii: "u")
            {
                let low = Self.codeUnit(in: source, at: index + 2)
                if low & 0xFC00 == 0xDC00 {
                    value = 0x1_0000 + (UInt32(high & 0x3FF) << 10 | UInt32(low & 0x3FF))
                    index += 6
                }
            }
            guard let scalar = UnicodeScalar(value) else {
                throw JSONFault(offset: range.lowerBound, problem: "a string holds half of a surrogate pair")
            }
            units.append(contentsOf: UTF8.encode(scalar).map { Array($0) } ?? [])
        }
        return units
    }

    private static func codeUnit(in source: UnsafeBufferPointer<UInt8>, at index: Int) -> UInt16 {
        guard index + 4 <= source.count else { return 0xD800 }
        return source[index..<index + 4].reduce(0) { $0 << 4 | UInt16(hexDigit($1) ?? 0) }
    }

    /// The value of a hexadecimal digit.
    @inline(__always)
    static func hexDigit(_ byte: UInt8) -> UInt8? {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): byte - UInt8(ascii: "0")
        case UInt8(ascii: "a")...UInt8(ascii: "f"): byte - UInt8(ascii: "a") + 10
        case UInt8(ascii: "A")...UInt8(ascii: "F"): byte - UInt8(ascii: "A") + 10
        default: nil
        }
    }

    /// The character behind a backslash that stands for another one, or for itself.
    @inline(__always)
    static func meaning(ofEscape byte: UInt8) -> UInt8? {
        switch byte {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): byte
        case UInt8(ascii: "b"): 0x08
        case UInt8(ascii: "f"): 0x0C
        case UInt8(ascii: "n"): 0x0A
        case UInt8(ascii: "r"): 0x0D
        case UInt8(ascii: "t"): 0x09
        default: nil
        }
    }
}

extension [UInt8] {
    /// Appends a text as a JSON string in quotation marks.
    mutating func append(jsonString text: String) {
        append(UInt8(ascii: "\""))
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "\""), UInt8(ascii: "\\"):
                append(UInt8(ascii: "\\"))
                append(byte)
            case 0..<0x20:
                let digits = Array("0123456789abcdef".utf8)
                append(contentsOf: Array("\\u00".utf8))
                append(digits[Int(byte >> 4)])
                append(digits[Int(byte & 15)])
            default: append(byte)
            }
        }
        append(UInt8(ascii: "\""))
    }
}
