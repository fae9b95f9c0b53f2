import Foundation
import Imaging

/// The pictures of Tests/Fixtures/images and the pixels that other programs gave for them (make.py).
enum Fixture {
    static let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .appending(path: "Fixtures/images")

    static func bytes(_ name: String) throws -> [UInt8] {
        [UInt8](try Data(contentsOf: folder.appending(path: name)))
    }

    /// A PPM or PGM with one-line header.
    static func pixels(_ name: String) throws -> Image {
        let bytes = try bytes(name)
        let end = try bytes.firstIndex(of: 0x0A).orThrow(name)
        let fields = String(decoding: bytes[..<end], as: UTF8.self).split(separator: " ")
        guard fields.count == 4, let width = Int(fields[1]), let height = Int(fields[2]) else { throw FixtureError(name: name) }
        return try Image(width: width, height: height, channels: fields[0] == "P6" ? 3 : 1, pixels: Array(bytes[(end + 1)...]))
    }
}

struct FixtureError: Error {
    let name: String
}

extension Optional {
    func orThrow(_ name: String) throws -> Wrapped {
        guard let self else { throw FixtureError(name: name) }
        return self
    }
}

/// The largest difference of two values, 256 where the pictures differ in size.
func largestDifference(_ a: Image, _ b: Image) -> Int {
    guard a.width == b.width, a.height == b.height, a.channels == b.channels else { return 256 }
    return zip(a.pixels, b.pixels).reduce(0) { max($0, abs(Int($1.0) - Int($1.1))) }
}

/// A colourful picture with detail at every scale.
func scene(width: Int, height: Int) throws -> Image {
    var pixels = [UInt8]()
    var noise = SplitMix(seed: 3)
    for y in 0..<height {
        for x in 0..<width {
            let wave = 60 * sin(Double(x * x) / 900) * cos(Double(y) / 7)
            for value in [Double(x) * 255 / Double(width), Double(y) * 255 / Double(height), Double((x / 9 + y / 5) % 2) * 200] {
                pixels.append(UInt8(min(max(value + wave + Double(noise.next() % 16), 0), 255)))
            }
        }
    }
    return try Image(width: width, height: height, channels: 3, pixels: pixels)
}

/// A small reproducible generator (SplitMix64).
struct SplitMix: RandomNumberGenerator {
    var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }
}
