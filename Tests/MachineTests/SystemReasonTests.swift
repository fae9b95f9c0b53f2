import Foundation
import Machine
import Testing

@Suite("What the system answers")
struct SystemReasonTests {
    @Test("A folder below a file is no folder, in the system's words")
    func underlying() {
        let error = #expect(throws: (any Error).self) {
            try FileManager.default.createDirectory(atPath: "/etc/passwd/x", withIntermediateDirectories: true)
        }
        #expect(error?.systemReason == "Not a directory")
    }
}
