import Testing

@testable import Serving

@Suite("Log lines for people")
struct LogLineTests {
    @Test("What a client has sent begins no line and commands no terminal")
    func visible() {
        #expect(LineLogHandler.visible("a\u{1b}[31m\nINFO b\u{85}\u{2028}") == "a\\u{1b}[31m\\u{a}INFO b\\u{85}\\u{2028}")
        #expect(LineLogHandler.visible("Zug über Köln 🚆") == "Zug über Köln 🚆")
    }
}
