import Foundation
import Imaging

/// A folder of pictures, red on the left (class 1) and blue on the right (class 2), with masks whose first column is a hole; it lives as long
/// as the test.
final class TemporaryScenes {
    static let count = 5
    let path: String

    init() throws {
        path = FileManager.default.temporaryDirectory.appendingPathComponent("scenes-\(UUID().uuidString)").path
        for (channel, isMask) in [("train", false), ("train_annotation", true)] {
            try FileManager.default.createDirectory(atPath: "\(path)/\(channel)", withIntermediateDirectories: true)
            for number in 0..<Self.count {
                let edge = 20 + 5 * number
                let columns = (0..<64).map { $0 < edge }
                let pixels = (0..<48).flatMap { _ in
                    columns.enumerated().flatMap { x, isLeft -> [UInt8] in
                        isMask ? [x == 0 ? 255 : isLeft ? 1 : 2] : isLeft ? [220, 30, 10] : [10, 30, 220]
                    }
                }
                let image = try Image(width: 64, height: 48, channels: isMask ? 1 : 3, pixels: pixels)
                try Data(image.encodedPNG()).write(to: URL(fileURLWithPath: "\(path)/\(channel)/\(number).png"))
            }
        }
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }
}
