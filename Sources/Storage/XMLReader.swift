/// Reads the XML that ``XMLTree`` keeps. Foundation's parser ends the process at an instruction without content (`<?p?>`) and at some bytes
/// that are not UTF-8, and a server's answers and a data set's files may be anything.
///
/// Source: W3C, "Extensible Markup Language (XML) 1.0", fifth edition; without validation, attributes and declared entities.
struct XMLReader {
    /// UTF-8, checked.
    private let bytes: [UInt8]
    private var position = 0
    private var open: [Element] = []

    /// Elements inside each other; both uses are some four deep.
    private static let maximumDepth = 16

    private struct Element {
        let name: String
        var text: [UInt8] = []
        var children: [XMLTree] = []
    }

    init(_ bytes: [UInt8]) throws(XMLTree.Fault) { self.bytes = try Self.unicode(bytes) }

    /// The root element of the whole text.
    mutating func document() throws(XMLTree.Fault) -> XMLTree {
        try skipMarkup(isBeforeRoot: true)
        guard begins("<") else { throw fault("it is no XML document") }
        var root = try startTag()
        while root == nil { root = try content() }
        try skipMarkup(isBeforeRoot: false)
        guard let root, position == bytes.count else { throw fault("there is more behind the end of the root element") }
        return root
    }

    // MARK: Elements

    // One piece of an element's content; the root once its end is reached.
    private mutating func content() throws(XMLTree.Fault) -> XMLTree? {
        if begins("</") { return try endTag() }
        if try skipComment() { return nil }
        if begins("<![CDATA[") {
            try data()
        } else if begins("<!") {
            throw fault("a declaration stands inside an element")
        } else if begins("<") {
            return try startTag()
        } else {
            try text()
        }
        return nil
    }

    private mutating func startTag() throws(XMLTree.Fault) -> XMLTree? {
        position += 1
        let name = try name("an element")
        while true {
            let hasSpace = skipSpace()
            if take("/>") { return try close(Element(name: name)) }
            if take(">") { break }
            guard hasSpace else { throw fault("the tag <\(name.prefix(40))> has no end") }
            _ = try self.name("an attribute")
            skipSpace()
            guard take("=") else { throw fault("an attribute of <\(name.prefix(40))> has no value") }
            skipSpace()
            guard let quote = byte, quote == UInt8(ascii: "\"") || quote == UInt8(ascii: "'") else {
                throw fault("an attribute of <\(name.prefix(40))> has no quotation marks")
            }
            position += 1
            guard let end = bytes[position...].firstIndex(of: quote), !bytes[position..<end].contains(UInt8(ascii: "<")) else {
                throw fault("an attribute of <\(name.prefix(40))> has no end")
            }
            position = end + 1
        }
        guard open.count < Self.maximumDepth else { throw fault("elements are nested more than \(Self.maximumDepth) deep") }
        open.append(Element(name: name))
        return nil
    }

    private mutating func endTag() throws(XMLTree.Fault) -> XMLTree? {
        position += 2
        let name = try name("an element")
        skipSpace()
        guard let element = open.last, element.name.utf8.elementsEqual(name.utf8), take(">") else {
            throw fault("</\(name.prefix(40))> ends an element that is not open")
        }
        open.removeLast()
        return try close(element)
    }

    private mutating func close(_ element: Element) throws(XMLTree.Fault) -> XMLTree? {
        guard open.count < Self.maximumDepth else { throw fault("elements are nested more than \(Self.maximumDepth) deep") }
        let tree = XMLTree(name: element.name, text: String(decoding: element.text, as: UTF8.self), children: element.children)
        if open.isEmpty { return tree }
        open[open.count - 1].children.append(tree)
        return nil
    }

    // MARK: Text

    private mutating func text() throws(XMLTree.Fault) {
        guard let first = byte else { throw fault("the text is cut off in <\((open.last?.name ?? "").prefix(40))>") }
        if first == UInt8(ascii: "&") {
            open[open.count - 1].text.append(contentsOf: try reference())
            return
        }
        let end = bytes[position...].firstIndex { $0 == UInt8(ascii: "<") || $0 == UInt8(ascii: "&") } ?? bytes.endIndex
        try append(position..<end)
        position = end
    }

    private mutating func data() throws(XMLTree.Fault) {
        let start = position + 9
        try skip(past: "]]>", "character data", from: 9)
        try append(start..<position - 3)
    }

    // Ends of lines become LF.
    private mutating func append(_ range: Range<Int>) throws(XMLTree.Fault) {
        for index in range {
            switch bytes[index] {
            case 0x0D where index + 1 < bytes.count && bytes[index + 1] == 0x0A: break
            case 0x0D: open[open.count - 1].text.append(0x0A)
            case 0x09, 0x0A, 0x20...: open[open.count - 1].text.append(bytes[index])
            default:
                position = index
                throw fault("a control character stands in the text")
            }
        }
    }

    private mutating func reference() throws(XMLTree.Fault) -> [UInt8] {
        // The longest that means something: &#x10FFFF;
        let range = position + 1..<min(position + 12, bytes.count)
        guard let end = bytes[range].firstIndex(of: UInt8(ascii: ";")) else { throw fault("an '&' stands in the text") }
        let name = String(decoding: bytes[range.lowerBound..<end], as: UTF8.self)
        defer { position = end + 1 }
        switch name {
        case "amp": return [UInt8(ascii: "&")]
        case "lt": return [UInt8(ascii: "<")]
        case "gt": return [UInt8(ascii: ">")]
        case "quot": return [UInt8(ascii: "\"")]
        case "apos": return [UInt8(ascii: "'")]
        default:
            let number = name.hasPrefix("#x") ? UInt32(name.dropFirst(2), radix: 16) : name.hasPrefix("#") ? UInt32(name.dropFirst()) : nil
            guard let number, let scalar = UnicodeScalar(number), number >= 0x20 || [0x09, 0x0A, 0x0D].contains(number) else {
                throw fault("the entity '&\(name);' is none of XML's own")
            }
            return Array(String(Character(scalar)).utf8)
        }
    }

    // MARK: What is passed over

    private mutating func skipMarkup(isBeforeRoot: Bool) throws(XMLTree.Fault) {
        while true {
            skipSpace()
            if try skipComment() { continue }
            guard isBeforeRoot, begins("<!DOCTYPE") else { return }
            try skipDocumentType()
        }
    }

    // A comment or an instruction.
    private mutating func skipComment() throws(XMLTree.Fault) -> Bool {
        if begins("<!--") {
            try skip(past: "-->", "a comment", from: 4)
        } else if begins("<?") {
            try skip(past: "?>", "an instruction", from: 2)
        } else {
            return false
        }
        return true
    }

    private mutating func skipDocumentType() throws(XMLTree.Fault) {
        var isInside = false
        while let byte {
            if begins("<!--") {
                try skip(past: "-->", "a comment", from: 4)
            } else if begins("<?") {
                try skip(past: "?>", "an instruction", from: 2)
            } else if byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "'") {
                try skip(past: byte == UInt8(ascii: "\"") ? "\"" : "'", "a quotation", from: 1)
            } else {
                position += 1
                if byte == UInt8(ascii: ">"), !isInside { return }
                if byte == UInt8(ascii: "[") { isInside = true }
                if byte == UInt8(ascii: "]") { isInside = false }
            }
        }
        throw fault("the document type has no end")
    }

    private mutating func skip(past end: StaticString, _ what: String, from offset: Int) throws(XMLTree.Fault) {
        var index = position + offset
        while index + end.utf8CodeUnitCount <= bytes.count {
            if begins(end, at: index) {
                position = index + end.utf8CodeUnitCount
                return
            }
            index += 1
        }
        throw fault("\(what) has no end")
    }

    @discardableResult
    private mutating func skipSpace() -> Bool {
        let start = position
        while let byte, byte == 0x20 || (0x09...0x0D).contains(byte) && byte != 0x0B && byte != 0x0C { position += 1 }
        return position > start
    }

    // MARK: Bytes

    private var byte: UInt8? { position < bytes.count ? bytes[position] : nil }

    private func begins(_ text: StaticString) -> Bool { begins(text, at: position) }

    private func begins(_ text: StaticString, at index: Int) -> Bool {
        guard index + text.utf8CodeUnitCount <= bytes.count else { return false }
        for offset in 0..<text.utf8CodeUnitCount where bytes[index + offset] != text.utf8Start[offset] { return false }
        return true
    }

    private mutating func take(_ text: StaticString) -> Bool {
        guard begins(text) else { return false }
        position += text.utf8CodeUnitCount
        return true
    }

    private mutating func name(_ what: String) throws(XMLTree.Fault) -> String {
        let start = position
        while let byte, Self.isNamePart(byte, isFirst: position == start) { position += 1 }
        guard position > start else { throw fault("the name of \(what) should stand here") }
        return String(decoding: bytes[start..<position], as: UTF8.self)
    }

    private static func isNamePart(_ byte: UInt8, isFirst: Bool) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "_"), UInt8(ascii: ":"), 0x80...:
            true
        case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "."): !isFirst
        default: false
        }
    }

    private func fault(_ problem: String) -> XMLTree.Fault {
        XMLTree.Fault(line: 1 + bytes[..<min(position, bytes.count)].count { $0 == 0x0A }, problem: problem)
    }
}
