import Foundation
import Testing
import Weights

/// Archives are made by the system's `tar`, in each form that it writes.
@Suite("Model archives")
struct ModelArchiveTests {
    private let folder: String

    init() throws {
        folder = NSTemporaryDirectory() + "archive-\(UUID().uuidString)"
        for name in ["a/model/deep", "out"] {
            try FileManager.default.createDirectory(atPath: "\(folder)/\(name)", withIntermediateDirectories: true)
        }
        let values = try WeightArray(name: "x", shape: [3], values: [1, 2, 3])
        try SafeTensors.write([values], to: folder + "/a/model.safetensors")
        try Data("{\"a\": 1}".utf8).write(to: URL(fileURLWithPath: folder + "/a/model.json"))
        // A second, deeper model and a long name: neither may get in the way.
        try Data("other".utf8).write(to: URL(fileURLWithPath: folder + "/a/model/deep/model.json"))
        try Data("other".utf8).write(to: URL(fileURLWithPath: folder + "/a/\(String(repeating: "long", count: 40)).txt"))
    }

    private func tar(_ arguments: [String]) throws {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = ["tar"] + arguments
        process.currentDirectoryURL = URL(fileURLWithPath: folder)
        try process.run()
        process.waitUntilExit()
        try #require(process.terminationStatus == 0)
    }

    private func expectModel() throws {
        #expect(try WeightFile.read(folder + "/out/model.safetensors")["x"]?.shape == [3])
        #expect(FileManager.default.contents(atPath: folder + "/out/model.json") == Data("{\"a\": 1}".utf8))
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder + "/out").count == 2)
    }

    @Test(
        "The model's two files come out of every form that tar writes, packed or not, and nothing else does",
        arguments: ["gnu", "ustar", "posix", "oldgnu"])
    func forms(form: String) throws {
        // ustar cannot hold the long name.
        let files = form == "ustar" ? ["model.json", "model.safetensors", "model"] : ["."]
        try tar(["--format=\(form)", "-czf", "m.tar.gz", "-C", "a"] + files)
        try ModelArchive.unpack(folder + "/m.tar.gz", to: folder + "/out")
        try expectModel()
        try tar(["--format=\(form)", "-cf", "m.tar", "-C", "a"] + files)
        try ModelArchive.unpack(folder + "/m.tar", to: folder + "/out")
        try expectModel()
        try? FileManager.default.removeItem(atPath: folder)
    }

    @Test("A model in a folder of the archive is found; a model is read from its archive")
    func inner() throws {
        try tar(["-czf", "m.tar.gz", "a"])
        try ModelArchive.unpack(folder + "/m.tar.gz", to: folder + "/out")
        try expectModel()
        try FileManager.default.removeItem(atPath: folder + "/a/model.json")
        try tar(["-czf", "m.tar.gz", "-C", "a", "model.safetensors"])
        #expect(try ModelFolder.read(folder + "/m.tar.gz").weights["x"]?.shape == [3])
        try? FileManager.default.removeItem(atPath: folder)
    }

    @Test(
        "Of a run's folder the best model is taken, in whatever order the archive has them, and its own description",
        arguments: [true, false])
    func run(lastFirst: Bool) throws {
        for (name, value) in [("model", Float(1)), ("last", 2)] {
            try FileManager.default.createDirectory(atPath: "\(folder)/run/\(name)", withIntermediateDirectories: true)
            try SafeTensors.write([WeightArray(name: "x", shape: [1], values: [value])], to: "\(folder)/run/\(name)/model.safetensors")
        }
        try Data("{}".utf8).write(to: URL(fileURLWithPath: folder + "/run/last/model.json"))
        try tar(["-czf", "m.tar.gz", "-C", "run"] + (lastFirst ? ["last", "model"] : ["model", "last"]))
        try ModelArchive.unpack(folder + "/m.tar.gz", to: folder + "/out")
        #expect(try WeightFile.read(folder + "/out/model.safetensors")["x"]?.floats() == [1])
        #expect(!FileManager.default.fileExists(atPath: folder + "/out/model.json"))
        try? FileManager.default.removeItem(atPath: folder)
    }

    @Test("An archive that is cut anywhere, damaged, empty or without a model is an error and never a crash")
    func damaged() throws {
        try tar(["-czf", "m.tar.gz", "-C", "a", "."])
        try tar(["-cf", "m.tar", "-C", "a", "."])
        for name in ["m.tar.gz", "m.tar"] {
            let whole = try Data(contentsOf: URL(fileURLWithPath: "\(folder)/\(name)"))
            // Behind the last file's content an archive has only zeros.
            let content = name == "m.tar" ? (whole.lastIndex { $0 != 0 } ?? 0) : whole.count
            for part in 0..<20 {
                let cut = folder + "/cut-" + name
                try whole.prefix(content * part / 20).write(to: URL(fileURLWithPath: cut))
                #expect(throws: WeightsError.self, "\(name), \(part)") { try ModelArchive.unpack(cut, to: folder + "/out") }
            }
        }
        var bytes = [UInt8](try Data(contentsOf: URL(fileURLWithPath: folder + "/m.tar")))
        bytes[150] ^= 1
        try Data(bytes).write(to: URL(fileURLWithPath: folder + "/bad.tar"))
        #expect(throws: WeightsError.self) { try ModelArchive.unpack(folder + "/bad.tar", to: folder + "/out") }

        try Data().write(to: URL(fileURLWithPath: folder + "/image-classification-0005.params"))
        try tar(["-czf", "old.tar.gz", "image-classification-0005.params"])
        let error = #expect(throws: WeightsError.self) { try ModelArchive.unpack(folder + "/old.tar.gz", to: folder + "/out") }
        #expect(error?.description.contains("MXNet") == true)
        try? FileManager.default.removeItem(atPath: folder)
    }
}
