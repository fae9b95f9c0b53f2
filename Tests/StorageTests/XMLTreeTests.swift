import Storage
import Testing

@Suite("Small XML documents")
struct XMLTreeTests {
    private func read(_ text: String) throws(XMLTree.Fault) -> XMLTree { try XMLTree(Array(text.utf8)) }

    @Test("Elements, their text and order are read; attributes, comments and instructions are passed over")
    func content() throws {
        let tree = try read(
            """
            <?xml version="1.0" encoding="UTF-8"?>
            <!-- <a> --><?p ]> ?>
            <list xmlns='urn:x' a = "b>c">
              <Key>a &amp; b &lt;&gt;&quot;&apos;&#65;&#x1F600;</Key><empty/><Key >2<!-- c -->3<?p q?>4</Key></list>
            """)
        #expect(tree.name == "list")
        #expect(tree.children.map(\.name) == ["Key", "empty", "Key"])
        #expect(tree.all("Key").map(\.text) == ["a & b <>\"'A😀", "234"])
        #expect(tree["empty"] == "" && tree["none"] == nil)
    }

    @Test("UTF-8 with and without a mark, UTF-16 of both orders, and ISO-8859-1 that says so")
    func encodings() throws {
        let text = "<a>ä😀</a>"
        #expect(try read("\u{FEFF}" + text).text == "ä😀")
        let units = [0xFEFF] + Array(text.utf16)
        #expect(try XMLTree(units.flatMap { [UInt8($0 >> 8), UInt8($0 & 255)] }).text == "ä😀")
        #expect(try XMLTree(units.flatMap { [UInt8($0 & 255), UInt8($0 >> 8)] }).text == "ä😀")
        let latin = Array("<?xml version=\"1.0\" encoding=\"ISO-8859-1\"?><a>".utf8) + [0xE4] + Array("</a>".utf8)
        #expect(try XMLTree(latin).text == "ä")
    }

    @Test(
        "What is no XML is an error that says where", arguments: ["", "text", "<a>\n\n<b></a>", "<a", "<a/><b/>", "<a>&b;</a>", "<a b=c/>"])
    func broken(text: String) { #expect(throws: XMLTree.Fault.self) { try read(text) } }

    @Test("A fault is on its line, a declaration in front or not; a document type is refused, and so is a deep document")
    func lines() {
        for text in ["<a>\n\n<b></a>", "<?xml version=\"1.0\"?><a>\n\n<b></a>"] {
            #expect { try read(text) } throws: { ($0 as? XMLTree.Fault)?.line == 3 }
        }
        #expect { try read("<!DOCTYPE a [<!ENTITY x \"y\">]><a>&x;</a>") } throws: {
            ($0 as? XMLTree.Fault)?.problem.contains("document type") == true
        }
        #expect { try read(String(repeating: "<a>", count: 17)) } throws: { ($0 as? XMLTree.Fault)?.problem.contains("16 deep") == true }
    }

    @Test("Bytes that are not UTF-8 are an error; of the first of these Foundation's parser would end the process")
    func notUnicode() {
        let declared = Array("<!DOCTYPE a [<".utf8) + [UInt8](repeating: 0xFF, count: 99) + Array("!ENTITY x \"y\">]><a>&x;</a>".utf8)
        let documents: [[UInt8]] = [
            declared, Array("<a ".utf8) + [0xFF, 0xFE] + Array("='b'/>".utf8), Array("<".utf8) + [0xC3] + Array("/>".utf8),
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
