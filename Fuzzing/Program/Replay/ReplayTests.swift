import Foundation
import Testing

/// The inputs that fuzzing has kept, through the readers as they are built for everybody: no fuzzer, no sanitizer.
///
/// A reader that traps ends the whole test process, which no test can miss; an error that is not one of the rooms' is told here.
@Suite("Inputs that fuzzing found", .serialized)
struct ReplayTests {
    private static let corpus = URL(fileURLWithPath: #filePath).deletingLastPathComponent().appendingPathComponent("../../corpus")

    private static func files(_ target: FuzzTarget) throws -> [URL] {
        try FileManager.default.contentsOfDirectory(at: corpus.appendingPathComponent(target.name), includingPropertiesForKeys: nil)
            .sorted { $0.path < $1.path }
    }

    @Test("Every reader answers every kept input with a result or an error of its own", arguments: FuzzTarget.all.map(\.name))
    func replay(name: String) throws {
        let target = try #require(FuzzTarget.all.first { $0.name == name })
        let files = try Self.files(target)
        try #require(!files.isEmpty, "no inputs are kept for \(name)")
        var answers: Set<String> = []
        for file in files {
            do {
                let error = try target.run(Array(Data(contentsOf: file)))
                answers.insert(error.map { "\(type(of: $0))" } ?? "read")
            } catch {
                Issue.record("\(name)/\(file.lastPathComponent): \(error)")
            }
        }
        // A corpus that only shows one kind of answer would test nothing.
        #expect(answers.contains("read"), "nothing in the corpus of \(name) can be read")
    }

    @Test("Every reader has a corpus and every corpus a reader")
    func complete() throws {
        let folders = try FileManager.default.contentsOfDirectory(atPath: Self.corpus.path).filter { !$0.hasPrefix(".") }
        #expect(Set(folders) == Set(FuzzTarget.all.map(\.name)))
    }
}
