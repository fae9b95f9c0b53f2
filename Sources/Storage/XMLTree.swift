/// An element of a small XML document, attributes left out: what S3 answers, and a Pascal VOC annotation.
public struct XMLTree: Sendable {
    /// The element's name.
    public let name: String
    /// The text between its tags, that of its children left out.
    public let text: String
    /// The elements within it, in order.
    public let children: [XMLTree]

    /// What is wrong with a document.
    public struct Fault: Error, Sendable {
        /// The line, counted from 1.
        public let line: Int
        /// What is wrong there.
        public let problem: String
    }

    /// The text of the first child of that name.
    public subscript(name: String) -> String? { child(name)?.text }

    /// The first child of that name.
    public func child(_ name: String) -> XMLTree? { children.first { $0.name == name } }

    /// The children of that name.
    public func all(_ name: String) -> [XMLTree] { children.filter { $0.name == name } }

    /// Reads a document: UTF-8, UTF-16 with a byte order mark, or ISO-8859-1 that says so.
    ///
    /// Declarations of a document type are passed over; the entities that they declare are not known, so that nothing multiplies and no other
    /// file is opened.
    /// - Throws: ``Fault`` where it is none, or is nested more than 16 deep.
    public init(_ bytes: [UInt8]) throws(Fault) {
        var reader = try XMLReader(bytes)
        self = try reader.document()
    }

    init(name: String, text: String, children: [XMLTree]) { (self.name, self.text, self.children) = (name, text, children) }
}
