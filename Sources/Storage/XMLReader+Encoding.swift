extension XMLReader {
    /// A document's text as UTF-8 without its byte order mark.
    /// - Throws: ``XMLTree/Fault`` for bytes that are not what they say, and encodings that are not read.
    static func unicode(_ bytes: [UInt8]) throws(XMLTree.Fault) -> [UInt8] {
        if bytes.starts(with: [0xFE, 0xFF]) { return Array(String(decoding: units(bytes) { $0 << 8 | $1 }, as: UTF16.self).utf8) }
        if bytes.starts(with: [0xFF, 0xFE]) { return Array(String(decoding: units(bytes) { $1 << 8 | $0 }, as: UTF16.self).utf8) }
        let text = bytes.starts(with: [0xEF, 0xBB, 0xBF]) ? Array(bytes.dropFirst(3)) : bytes
        let encoding = declared(text)
        switch encoding?.lowercased() {
        case nil, "utf-8"?, "utf8"?, "us-ascii"?, "ascii"?:
            guard String(validating: text, as: UTF8.self) != nil else { throw XMLTree.Fault(line: 1, problem: "it is not UTF-8 text") }
            return text
        case "iso-8859-1"?, "latin-1"?, "latin1"?:
            return text.reduce(into: []) { all, byte in
                if byte < 0x80 { all.append(byte) } else { all += [0xC0 | byte >> 6, 0x80 | byte & 0x3F] }
            }
        default:
            throw XMLTree.Fault(line: 1, problem: "its encoding is '\((encoding ?? "").prefix(40))'; save it as UTF-8")
        }
    }

    private static func units(_ bytes: [UInt8], _ join: (UInt16, UInt16) -> UInt16) -> [UInt16] {
        stride(from: 2, to: bytes.count - 1, by: 2).map { join(UInt16(bytes[$0]), UInt16(bytes[$0 + 1])) }
    }

    /// The encoding that an XML declaration names.
    private static func declared(_ text: [UInt8]) -> String? {
        guard text.starts(with: "<?xml".utf8), let end = text.prefix(256).firstIndex(of: UInt8(ascii: ">")) else { return nil }
        let declaration = String(decoding: text[..<end], as: UTF8.self)
        guard let name = declaration.firstRange(of: "encoding") else { return nil }
        let value = declaration[name.upperBound...].drop { $0 != "\"" && $0 != "'" }
        guard let quote = value.first else { return nil }
        return String(value.dropFirst().prefix { $0 != quote })
    }
}
