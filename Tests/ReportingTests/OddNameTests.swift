import Testing

@testable import Reporting

@Suite("Odd names in tables")
struct OddNameTests {
    @Test("A CSV field is quoted where its bytes ask for it, whatever characters they make")
    func csv() {
        #expect(EvaluationReport.field("plain") == "plain")
        #expect(EvaluationReport.field("a,b") == "\"a,b\"")
        #expect(EvaluationReport.field("a,\u{301}b") == "\"a,\u{301}b\"")
        #expect(EvaluationReport.field("a\r\nb") == "\"a\r\nb\"")
        #expect(EvaluationReport.field("say \"a\"") == "\"say \"\"a\"\"\"")
    }

    @Test("A Markdown cell is one cell, and no page's element")
    func markdown() {
        #expect(TextTable.cell("a|b\nc\r\nd") == "a\\|b c  d")
        #expect(TextTable.cell("<img src=x>") == "&lt;img src=x>")
    }
}
