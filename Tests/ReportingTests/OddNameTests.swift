import Testing

@testable import Reporting

@Suite("Odd names in tables")
struct OddNameTests {
    @Test("A CSV field is quoted where its bytes ask for it, whatever characters they make")
    func csv() {
        #expect(CSV.field("plain") == "plain")
        #expect(CSV.field("a,b") == "\"a,b\"")
        #expect(CSV.field("a,\u{301}b") == "\"a,\u{301}b\"")
        #expect(CSV.field("a\r\nb") == "\"a\r\nb\"")
        #expect(CSV.field("say \"a\"") == "\"say \"\"a\"\"\"")
    }

    @Test("A Markdown cell is one cell, and no page's element")
    func markdown() {
        #expect(TextTable.cell("a|b\nc\r\nd") == "a\\|b c  d")
        #expect(TextTable.cell("<img src=x>") == "&lt;img src=x>")
    }
}
