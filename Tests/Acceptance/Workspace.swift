import Foundation
import Imaging

/// A folder with small data that a test makes, uses and loses.
final class Workspace {
    let path: String

    init() throws {
        path = FileManager.default.temporaryDirectory.appendingPathComponent("sightline-\(UUID().uuidString)").path
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }

    func exists(_ name: String) -> Bool { FileManager.default.fileExists(atPath: path + "/" + name) }

    func bytes(_ name: String) throws -> Data { try Data(contentsOf: URL(fileURLWithPath: path + "/" + name)) }

    func text(_ name: String) throws -> String { String(decoding: try bytes(name), as: UTF8.self) }

    func write(_ bytes: some Sequence<UInt8>, to name: String) throws {
        let url = URL(fileURLWithPath: path + "/" + name)
        try FileManager.default.createDirectory(at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
        try Data(bytes).write(to: url)
    }

    /// The names of four classes that a network tells apart by brightness and by where a bar lies.
    static let classes = ["bars", "dark", "light", "rows"]

    /// Grey 28×28 pictures of the four classes in turn, in MNIST's IDX form, as `folder/NAME-images-idx3-ubyte` and its labels.
    func writeIDX(_ name: String, count: Int, in folder: String) throws {
        func number(_ value: Int) -> [UInt8] { withUnsafeBytes(of: UInt32(value).bigEndian) { [UInt8]($0) } }
        var pixels: [UInt8] = []
        for index in 0..<count { pixels += Self.picture(index, side: 28) }
        try write([0, 0, 8, 3] + number(count) + number(28) + number(28) + pixels, to: "\(folder)/\(name)-images-idx3-ubyte")
        try write([0, 0, 8, 1] + number(count) + (0..<count).map { UInt8($0 % 4) }, to: "\(folder)/\(name)-labels-idx1-ubyte")
    }

    /// Colour 32×32 PNG files in a folder for each class.
    func writeFolders(_ folder: String, perClass: Int) throws {
        for index in 0..<4 * perClass {
            let pixels = Self.picture(index, side: 32).flatMap { [$0, $0, $0] }
            let image = try Image(width: 32, height: 32, channels: 3, pixels: pixels)
            try write(image.encodedPNG(), to: "\(folder)/\(Self.classes[index % 4])/\(index).png")
        }
    }

    /// A box in pixels.
    struct Object {
        let classID, left, top, width, height: Int
    }

    /// Grey 64×48 PNG files with a lighter rectangle for each object, and SageMaker's JSON of their boxes; the classes are square and disc.
    func writeShapes(_ folder: String, channel: String, _ images: [[Object]]) throws {
        for (index, objects) in images.enumerated() {
            var pixels = [UInt8](repeating: 60, count: 64 * 48 * 3)
            for object in objects {
                for y in object.top..<min(48, object.top + object.height) {
                    for x in object.left..<min(64, object.left + object.width) { pixels[(y * 64 + x) * 3 + object.classID % 3] = 220 }
                }
            }
            try write(Image(width: 64, height: 48, channels: 3, pixels: pixels).encodedPNG(), to: "\(folder)/\(channel)/\(index).png")
            let boxes = objects.map {
                #"{"class_id": \#($0.classID), "left": \#($0.left), "top": \#($0.top), "width": \#($0.width), "height": \#($0.height)}"#
            }
            let json = """
                {"file": "\(index).png", "image_size": [{"width": 64, "height": 48, "depth": 3}],
                 "annotations": [\(boxes.joined(separator: ", "))],
                 "categories": [{"class_id": 0, "name": "square"}, {"class_id": 1, "name": "disc"}]}
                """
            try write(json.utf8, to: "\(folder)/\(channel)_annotation/\(index).json")
        }
    }

    /// The picture of class `index % 4`: vertical bars, dark, light, horizontal bars, with noise that depends on the index.
    private static func picture(_ index: Int, side: Int) -> [UInt8] {
        (0..<side * side).map { position in
            let (x, y) = (position % side, position / side)
            let noise = (position &* 31 &+ index &* 17) % 23
            let level =
                switch index % 4 {
                case 0: x / 4 % 2 * 200
                case 1: 20
                case 2: 220
                default: y / 4 % 2 * 200
                }
            return UInt8(level + noise)
        }
    }
}
