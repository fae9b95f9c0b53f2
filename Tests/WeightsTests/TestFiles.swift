import Foundation

@testable import Weights

/// The package's root folder.
let packageRoot = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent().path

/// The path of a fixture that `Tests/Fixtures/weights/make_fixtures.py` made.
func fixture(_ name: String) -> String { packageRoot + "/Tests/Fixtures/weights/" + name }

/// The path of a real weight file beside the package; absent in a bare checkout.
func realWeights(_ name: String) -> String { packageRoot + "/../shared/data/pretrained/" + name }

/// Whether the real weight files are there.
let hasRealWeights = FileManager.default.fileExists(atPath: realWeights("cifar10_resnet20-12fca82f.th"))

/// A folder that lives as long as the call.
func withFolder<Result>(_ body: (String) throws -> Result) throws -> Result {
    let folder = FileManager.default.temporaryDirectory.appending(path: "weights-\(UUID().uuidString)").path
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(atPath: folder) }
    return try body(folder)
}

/// A file's bytes.
func contents(_ path: String) throws -> [UInt8] { [UInt8](try Data(contentsOf: URL(filePath: path))) }

/// Writes bytes to a new file in `folder` and gives its path.
func file(_ bytes: [UInt8], in folder: String, named name: String = "file") throws -> String {
    let path = folder + "/" + name
    try Data(bytes).write(to: URL(filePath: path))
    return path
}

/// The error that a call throws, nil where it throws none or another type.
func weightsError<Result>(_ body: () throws -> Result) -> WeightsError? {
    do {
        _ = try body()
        return nil
    } catch {
        return error as? WeightsError
    }
}

/// The ramp of the fixtures: i * 0.25 - 1.
func ramp(_ count: Int) -> [Float] { (0..<count).map { Float($0) * 0.25 - 1 } }

/// Deterministic random numbers (SplitMix64), so that a failure can be repeated.
struct Dice: RandomNumberGenerator {
    var state: UInt64
    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }
}
