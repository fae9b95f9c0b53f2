import Container
import Foundation

/// A tree with what a test puts into it.
final class ContainerFixture {
    let tree: ContainerTree

    init() throws {
        tree = ContainerTree(NSTemporaryDirectory() + "container-\(UUID().uuidString)/")
        try write("{}", to: "input/config/hyperparameters.json")
    }

    deinit { try? FileManager.default.removeItem(atPath: tree.root) }

    func write(_ text: String, to path: String) throws {
        let url = URL(fileURLWithPath: tree.root + "/" + path)
        try FileManager.default.createDirectory(at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
        try Data(text.utf8).write(to: url)
    }

    /// `input/config/<name>.json`.
    func configure(_ name: String, _ text: String) throws { try write(text, to: "input/config/\(name).json") }

    func job() throws -> JobConfiguration { try JobConfiguration(reading: tree) }

    func text(_ path: String) -> String? {
        FileManager.default.contents(atPath: tree.root + "/" + path).map { String(decoding: $0, as: UTF8.self) }
    }
}
