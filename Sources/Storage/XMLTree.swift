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

    /// Reads a document. External entities are not followed.
    /// - Throws: ``Fault`` where it is none, or is nested more than 16 deep.
    public init(_ bytes: [UInt8]) throws(Fault) {
        let builder = Builder()
        let parser = XMLParser(data: Data(bytes))
        parser.shouldResolveExternalEntities = false
        parser.delegate = builder
        guard parser.parse(), let root = builder.root else {
            let problem = builder.isTooDeep ? "elements are nested more than \(Self.maximumDepth) deep" : "it is no XML document"
            throw Fault(line: max(1, parser.lineNumber), problem: problem)
        }
        self = root
    }

    private init(name: String) { self.name = name }

    private final class Builder: NSObject, XMLParserDelegate {
        private var open: [XMLTree] = []
        var root: XMLTree?
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
            if open.isEmpty { root = element } else { open[open.count - 1].children.append(element) }
        }
    }
}
