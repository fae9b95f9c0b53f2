import Foundation
import Testing

@testable import Training

@Suite("A run's folder")
struct RunFolderTests {
    private let path = NSTemporaryDirectory() + "run-\(UUID().uuidString)"

    private func write(_ names: [String]) throws {
        for name in names {
            let file = path + "/" + name
            try FileManager.default.createDirectory(
                atPath: (file as NSString).deletingLastPathComponent, withIntermediateDirectories: true)
            try Data([1]).write(to: URL(fileURLWithPath: file))
        }
    }

    private var files: Set<String> {
        Set((try? FileManager.default.subpathsOfDirectory(atPath: path)) ?? [])
    }

    @Test("What a run has left goes, and what others keep in folders of the same names stays")
    func clear() throws {
        defer { try? FileManager.default.removeItem(atPath: path) }
        try write([
            "model/model.json", "model/model.safetensors", "last/model.safetensors", "last/mine.txt", "checkpoints/epoch-0010/model.json",
            "checkpoints/mine/other.pt", "checkpoints/epoch-x/a", "results.csv", "checkpoint.safetensors", "notes.txt",
        ])
        try RunFolder(path).clear()
        #expect(
            files == [
                "last", "last/mine.txt", "checkpoints", "checkpoints/mine", "checkpoints/mine/other.pt", "checkpoints/epoch-x",
                "checkpoints/epoch-x/a", "notes.txt",
            ])
    }

    @Test("One process at a time trains in it; the next may when the first has let go")
    func lock() throws {
        defer { try? FileManager.default.removeItem(atPath: path) }
        let folder = RunFolder(path)
        try folder.create()
        var held = try folder.lock()
        #expect(held != nil)
        #expect(throws: TrainingError.self) { try folder.lock() }
        held = nil
        #expect(try folder.lock() != nil)
        #expect(files.isEmpty)
    }

    @Test("Settings that no run has left are not written over; the same ones are no loss")
    func settings() throws {
        defer { try? FileManager.default.removeItem(atPath: path) }
        let folder = RunFolder(path)
        try write(["hyperparameters.json"])
        #expect(throws: TrainingError.self) { try folder.checkSettingsAreOurs(["epochs": "3"]) }
        try folder.write(hyperparameters: ["epochs": "3"])
        try folder.checkSettingsAreOurs(["epochs": "3"])
        #expect(throws: TrainingError.self) { try folder.checkSettingsAreOurs(["epochs": "4"]) }
    }
}
