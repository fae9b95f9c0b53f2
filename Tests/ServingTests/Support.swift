import Foundation
import Imaging
import Networks
import Tasks
import Testing
import Weights

/// The suites of this target, one after another: each server has the machine to itself.
@Suite("Serving", .serialized)
struct Serving {}

/// A folder that a test makes, uses and loses.
final class Place: Sendable {
    let path: String

    init() throws {
        path = FileManager.default.temporaryDirectory.appendingPathComponent("serving-\(UUID().uuidString)").path
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }

    func write(_ bytes: some Sequence<UInt8>, to name: String) throws {
        try Data(bytes).write(to: URL(fileURLWithPath: path + "/" + name))
    }
}

/// Small models with drawn weights, made once.
enum Models {
    private static let root: String = {
        let path = FileManager.default.temporaryDirectory.appendingPathComponent("serving-models-\(getpid())").path
        // They serve all tests of the process, and end with it.
        atexit { try? FileManager.default.removeItem(atPath: Models.root) }
        return path
    }()

    private static func make(_ name: String, _ description: ModelDescription, _ weights: () throws -> [WeightArray]) throws -> String {
        let folder = root + "/" + name
        if !FileManager.default.fileExists(atPath: folder) { try ModelFolder.write(description, weights: weights(), to: folder) }
        return folder
    }

    /// A classifier of 32×32 pictures. `seed`: of its weights.
    static func classifier(_ classes: [String] = ["bus", "cat", "dog", "elk"], seed: UInt64 = 1, name: String = "classifier") throws
        -> String
    {
        let architecture = try ClassificationArchitecture(depth: 20, classes: classes.count)
        let input = PreprocessingDescription(channels: 3, height: 32, width: 32)
        return try make(
            name, ModelDescription(task: "classification", network: architecture.name, classes: classes, preprocessing: input)
        ) { try architecture.makeNetwork(seed: seed).weightArrays() }
    }

    /// A detector.
    static func detector() throws -> String {
        let architecture = try DetectionArchitecture(name: "ssd-300-resnet-18", classes: 2)
        return try make(
            "detector",
            ModelDescription(
                task: "detection", network: architecture.name, classes: ["square", "disc"], preprocessing: architecture.preprocessing)
        ) { try architecture.makeNetwork().weightArrays() }
    }

    /// A segmentation network.
    static func segmenter() throws -> String {
        let architecture = try SegmentationArchitecture(name: "fcn-resnet-18", classes: 3)
        return try make(
            "segmenter",
            ModelDescription(
                task: "segmentation", network: architecture.name, classes: ["ground", "road", "sky"],
                preprocessing: architecture.preprocessing)
        ) { try architecture.makeNetwork(hasAuxiliary: false).weightArrays() }
    }
}

/// Pictures.
enum Pictures {
    /// Pixels that depend on a number, so that answers to different pictures differ.
    static func image(_ number: Int, width: Int = 48, height: Int = 40) throws -> Image {
        var pixels = [UInt8](repeating: 0, count: width * height * 3)
        for y in 0..<height {
            for x in 0..<width {
                for channel in 0..<3 {
                    pixels[(y * width + x) * 3 + channel] = UInt8((x * (number + 2) + y * (channel + 1) * 3 + number * 37) % 256)
                }
            }
        }
        return try Image(width: width, height: height, channels: 3, pixels: pixels)
    }

    static func png(_ number: Int, width: Int = 48, height: Int = 40) throws -> [UInt8] {
        try image(number, width: width, height: height).encodedPNG()
    }

    static func jpeg(_ number: Int, width: Int = 48, height: Int = 40) throws -> [UInt8] {
        try image(number, width: width, height: height).encodedJPEG()
    }

    /// A PNG whose header states these sides, with a right checksum, and that holds nothing else.
    static func header(width: UInt32, height: UInt32) -> [UInt8] {
        func number(_ value: UInt32) -> [UInt8] { withUnsafeBytes(of: value.bigEndian) { [UInt8]($0) } }
        let chunk = Array("IHDR".utf8) + number(width) + number(height) + [8, 2, 0, 0, 0]
        var checksum: UInt32 = 0xFFFF_FFFF
        for byte in chunk {
            checksum ^= UInt32(byte)
            for _ in 0..<8 { checksum = checksum & 1 == 1 ? checksum >> 1 ^ 0xEDB8_8320 : checksum >> 1 }
        }
        return [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A] + number(13) + chunk + number(~checksum)
    }
}
