import Storage
import Testing

@Suite("Small XML documents")
struct XMLTreeTests {
    private func read(_ text: String) throws(XMLTree.Fault) -> XMLTree { try XMLTree(Array(text.utf8)) }

    private func problem(_ text: String) -> String {
        do throws(XMLTree.Fault) {
            return "read: <\(try read(text).name)>"
        } catch {
            return "line \(error.line): \(error.problem)"
        }
    }

    @Test("Elements, their text and order are read; attributes, comments, instructions and declarations are passed over")
    func content() throws {
        let tree = try read(
            """
            <?xml version="1.0" encoding="UTF-8"?>
            <!-- <a> --><!DOCTYPE list [<!ENTITY x "]>"><!-- ]> --> <?p ]> ?>]>
            <list xmlns='urn:x' a = "b>c">
              <Key>a &amp; b &lt;&gt;&quot;&apos;&#65;&#x1F600;</Key><empty/><Key >2<!-- c -->3<?p q?>4</Key
            ><ns:Key><![CDATA[<&>]]]]></ns:Key></list>
            <!-- end -->
            """)
        #expect(tree.name == "list")
        #expect(tree.children.map(\.name) == ["Key", "empty", "Key", "ns:Key"])
        #expect(tree.all("Key").map(\.text) == ["a & b <>\"'A😀", "234"])
        #expect(tree["empty"] == "" && tree["ns:Key"] == "<&>]]" && tree["none"] == nil)
        #expect(tree.text.split(whereSeparator: \.isWhitespace).isEmpty)
    }

    @Test("An instruction without content is passed over; Foundation's parser ends the process there")
    func emptyInstruction() throws {
        #expect(try read("<?p?><a>x<?p?>y</a><?p?>").text == "xy")
    }

    @Test("Ends of lines are LF, as XML has it")
    func lineEnds() throws { #expect(try read("<a>1\r\n2\r3\n<![CDATA[4\r\n]]></a>").text == "1\n2\n3\n4\n") }

    @Test("UTF-8 with and without a mark, UTF-16 of both orders, and ISO-8859-1 that says so")
    func encodings() throws {
        let text = "<a>ä😀</a>"
        #expect(try read("\u{FEFF}" + text).text == "ä😀")
        let units = [0xFEFF] + Array(text.utf16)
        #expect(try XMLTree(units.flatMap { [UInt8($0 >> 8), UInt8($0 & 255)] }).text == "ä😀")
        #expect(try XMLTree(units.flatMap { [UInt8($0 & 255), UInt8($0 >> 8)] }).text == "ä😀")
        let latin = Array("<?xml version='1.0' encoding='ISO-8859-1'?><a>".utf8) + [0xE4] + Array("</a>".utf8)
        #expect(try XMLTree(latin).text == "ä")
        #expect(problem("<?xml version=\"1.0\" encoding=\"GBK\"?><a/>") == "line 1: its encoding is 'GBK'; save it as UTF-8")
    }

    @Test(
        "What is no XML is an error that says where and why",
        arguments: [
            ("", "line 1: it is no XML document"), ("text", "line 1: it is no XML document"), ("<a>\n\n<b></a>", "line 3: </a> ends"),
            ("<a>\n", "line 2: the text is cut off in <a>"), ("<a", "line 1: the tag <a> has no end"),
            ("<a b>", "line 1: an attribute of <a> has no value"), ("<a b=c>", "no quotation marks"), ("<a b='c", "has no end"),
            ("<a b='<'/>", "has no end"), ("<1/>", "the name of an element"), ("<a/><b/>", "more behind the end"), ("<a>&b;</a>", "'&b;'"),
            ("<a>&#0;</a>", "'&#0;'"), ("<a>&#xD800;</a>", "'&#xD800;'"), ("<a>a & b</a>", "an '&' stands"), ("<a>\u{1}</a>", "control"),
            ("<a><!-- </a>", "a comment has no end"), ("<a><![CDATA[ ]></a>", "character data has no end"),
            ("<!DOCTYPE a [ ", "the document type has no end"), ("<a><!ENTITY></a>", "a declaration stands"),
            (String(repeating: "<a>", count: 17), "nested more than 16 deep"), ("<html><p>x</html>", "</html> ends"),
        ])
    func broken(text: String, expected: String) { #expect(problem(text).contains(expected), "\(problem(text))") }

    @Test("Bytes that are not UTF-8 are an error; of the first of these Foundation's parser would end the process")
    func notUnicode() {
        let declared = Array("<!DOCTYPE a [<".utf8) + [UInt8](repeating: 0xFF, count: 99) + Array("!ENTITY x \"y\">]><a>&x;</a>".utf8)
        let documents: [[UInt8]] = [
            declared,
            Array("<a ".utf8) + [0xFF, 0xFE] + Array("='b'/>".utf8), Array("<".utf8) + [0xC3] + Array("/>".utf8),
            Array("<a b='".utf8) + [0x80] + Array("'/>".utf8), [0xFE, 0xFF, 0xD8, 0x00], [0xFF, 0xFE],
        ]
        for document in documents { #expect(throws: XMLTree.Fault.self) { try XMLTree(document) } }
    }

    @Test("Sixteen levels are read")
    func depth() throws {
        var tree = try read(String(repeating: "<a>", count: 15) + "<b>x</b>" + String(repeating: "</a>", count: 15))
        for _ in 0..<14 { tree = try #require(tree.child("a")) }
        #expect(tree["b"] == "x")
    }
}
