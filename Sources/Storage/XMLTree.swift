import Foundation
import FoundationXML

/// An element of a small XML document, attributes left out: what S3 answers, and a Pascal VOC annotation.
public struct XMLTree: Sendable {
    /// The element's name.
    public let name: String
    /// The text between its tags, that of its children left out.
    public private(set) var text = ""
    /// The elements within it, in order.
    public private(set) var children: [XMLTree] = []

    /// What is wrong with a document.
    public struct Fault: Error, Sendable {
        /// The line, counted from 1.
        public let line: Int
        /// What is wrong there.
        public let problem: String
    }

    /// Elements inside each other; both uses are some four deep.
    private static let maximumDepth = 16

    /// The text of the first child of that name.
    public subscript(name: String) -> String? { child(name)?.text }

    /// The first child of that name.
    public func child(_ name: String) -> XMLTree? { children.first { $0.name == name } }

    /// The children of that name.
    public func all(_ name: String) -> [XMLTree] { children.filter { $0.name == name } }

    /// Reads a document: UTF-8, UTF-16 with a byte order mark, or ISO-8859-1 that says so.
    /// - Throws: ``Fault`` where it is none, declares a document type, whose entities could multiply or lead to other files, or is nested
    ///   more than 16 deep.
    public init(_ bytes: [UInt8]) throws(Fault) {
        let text = try Self.text(bytes)
        guard !text.contains("<!DOCTYPE") else { throw Fault(line: 1, problem: "it declares a document type, which is not read") }
        let builder = Builder()
        let parser = XMLParser(data: Data(text.utf8))
        parser.shouldResolveExternalEntities = false
        parser.delegate = builder
        guard parser.parse(), parser.parserError == nil, builder.rootCount == 1, let root = builder.root else {
            let problem = builder.isTooDeep ? "elements are nested more than \(Self.maximumDepth) deep" : "it is no XML document"
            throw Fault(line: max(1, parser.lineNumber), problem: problem)
        }
        self = root
    }

    /// The document without its declaration: Foundation's parser traps on names and texts that are no Unicode, so that it gets nothing
    /// that could be taken for another encoding.
    private static func text(_ bytes: [UInt8]) throws(Fault) -> String {
        let encoding: String.Encoding =
            if bytes.starts(with: [0xFE, 0xFF]) || bytes.starts(with: [0xFF, 0xFE]) {
                .utf16
            } else if String(decoding: bytes.prefix(80), as: UTF8.self).lowercased().contains("encoding=\"iso-8859-1\"") {
                .isoLatin1
            } else {
                .utf8
            }
        let text = encoding == .utf8 ? String(validating: bytes, as: UTF8.self) : String(bytes: bytes, encoding: encoding)
        guard var text else { throw Fault(line: 1, problem: "it is no text in UTF-8; save it so") }
        if text.first == "\u{FEFF}" { text.removeFirst() }
        guard text.hasPrefix("<?xml"), let end = text.range(of: "?>") else { return text }
        // Lines keep their numbers.
        return text[..<end.upperBound].filter(\.isNewline) + text[end.upperBound...]
    }

    private init(name: String) { self.name = name }

    private final class Builder: NSObject, XMLParserDelegate {
        private var open: [XMLTree] = []
        var root: XMLTree?
        /// Foundation goes on behind the end of the root element.
        var rootCount = 0
        var isTooDeep = false

        func parser(
            _ parser: XMLParser, didStartElement name: String, namespaceURI: String?, qualifiedName: String?,
            attributes: [String: String] = [:]
        ) {
            if open.count >= XMLTree.maximumDepth {
                isTooDeep = true
                parser.abortParsing()
            }
            open.append(XMLTree(name: name))
        }

        func parser(_ parser: XMLParser, foundCharacters text: String) {
            guard !open.isEmpty else { return }
            open[open.count - 1].text += text
        }

        func parser(_ parser: XMLParser, didEndElement name: String, namespaceURI: String?, qualifiedName: String?) {
            guard let element = open.popLast() else { return }
            if open.isEmpty {
                root = element
                rootCount += 1
            } else {
                open[open.count - 1].children.append(element)
            }
        }
    }
}
