import Datasets
import Foundation
import Tasks
import Torch

/// Inputs by formula and what torchvision, pycocotools and Pascal VOC's evaluation say of them: Tests/Fixtures/detection/scenes.py.
enum DetectionFixture {
    private static let tests = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent()

    static func read<Facts: Decodable>(_ name: String, as type: Facts.Type = Facts.self) throws -> Facts {
        let decoder = JSONDecoder()
        decoder.keyDecodingStrategy = .convertFromSnakeCase
        return try decoder.decode(type, from: Data(contentsOf: tests.appendingPathComponent("Fixtures/detection/\(name).json")))
    }

    static let bccd = tests.deletingLastPathComponent().deletingLastPathComponent()
        .appendingPathComponent("shared/data/bccd/validation_annotation").path

    /// u0, u1 … of a name: the first output of SplitMix64 seeded with FNV-1a of the name plus the index.
    static func uniform(_ name: String, _ count: Int) -> [Double] {
        var hash: UInt64 = 0xcbf2_9ce4_8422_2325
        for byte in name.utf8 { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01b3 }
        return (0..<count).map { index in
            var z = hash &+ UInt64(index) &+ 0x9e37_79b9_7f4a_7c15
            z = (z ^ (z >> 30)) &* 0xbf58_476d_1ce4_e5b9
            z = (z ^ (z >> 27)) &* 0x94d0_49bb_1331_11eb
            return Double((z ^ (z >> 31)) >> 40) / 16_777_216
        }
    }

    static func signed(_ name: String, _ shape: [Int], spread: Float = 1) throws -> Tensor {
        try Tensor(uniform(name, shape.reduce(1, *)).map { Float(2 * $0 - 1) * spread }, shape: shape)
    }

    static func box(_ u: [Double]) -> [Double] {
        let (width, height) = (0.02 + 0.5 * u[0] * u[0], 0.02 + 0.5 * u[1] * u[1])
        let (left, top) = (u[2] * (1 - width), u[3] * (1 - height))
        return [left, top, left + width, top + height]
    }

    // MARK: Anchors and objects

    static func smallAnchors(_ count: Int) throws -> Tensor {
        let u = uniform("anchors", 4 * count)
        let values = (0..<count).flatMap { k -> [Float] in
            [Float(u[4 * k]), Float(u[4 * k + 1]), Float(0.1 + 0.5 * u[4 * k + 2]), Float(0.1 + 0.5 * u[4 * k + 3])]
        }
        return try Tensor(values, shape: [count, 4])
    }

    /// SSD300's anchors in torchvision's order.
    static func ssd300Anchors() throws -> Tensor {
        let scales = [0.07, 0.15, 0.33, 0.51, 0.69, 0.87, 1.05]
        let steps: [Float] = [8, 16, 32, 64, 100, 300]
        var values: [Float] = []
        for (map, side) in [38, 19, 10, 5, 3, 1].enumerated() {
            let (scale, between) = (scales[map], (scales[map] * scales[map + 1]).squareRoot())
            var sizes = [(scale, scale), (between, between)]
            for ratio in [0, 4, 5].contains(map) ? [2.0] : [2.0, 3.0] {
                let (long, short) = (scale * ratio.squareRoot(), scale / ratio.squareRoot())
                sizes += [(long, short), (short, long)]
            }
            for row in 0..<side {
                for column in 0..<side {
                    for (width, height) in sizes {
                        values += [(Float(column) + 0.5) / (300 / steps[map]), (Float(row) + 0.5) / (300 / steps[map])]
                        values += [min(Float(width), 1), min(Float(height), 1)]
                    }
                }
            }
        }
        return try Tensor(values, shape: [values.count / 4, 4])
    }

    static func anchors(_ count: Int) throws -> Tensor { try count == 8732 ? ssd300Anchors() : smallAnchors(count) }

    /// Padded boxes and classes of a batch.
    static func objects(_ name: String, counts: [Int], classes: Int) throws -> (boxes: Tensor, classes: Tensor) {
        let slots = counts.max() ?? 0
        var (boxes, kinds): ([Float], [Int64]) = ([], [])
        for (image, count) in counts.enumerated() {
            for k in 0..<slots {
                let u = uniform("\(name)/\(image)/\(k)", 5)
                boxes += k < count ? box(u).map { Float($0) } : [-1, -1, -1, -1]
                kinds.append(k < count ? Int64(u[4] * Double(classes)) : -1)
            }
        }
        return (try Tensor(boxes, shape: [counts.count, slots, 4]), try Tensor(kinds, shape: [counts.count, slots]))
    }

    // MARK: Pictures

    struct Picture {
        var size: PixelSize
        var truth: [BoundingBox]
        var found: [Detection] = []
    }

    static func synthetic() -> [Picture] {
        let pictures = [3, 0, 6, 1, 8, 2, 0, 12, 5, 4].enumerated().map { image, count in
            let truth = (0..<count).map { k in
                let u = uniform("synthetic/\(image)/truth/\(k)", 7)
                let box = box(u)
                return BoundingBox(
                    classID: Int(u[4] * 4), left: box[0], top: box[1], right: box[2], bottom: box[3], isDifficult: u[6] < 0.15,
                    isCrowd: u[5] < 0.12)
            }
            return Picture(size: PixelSize(width: image % 2 == 0 ? 640 : 200, height: image % 2 == 0 ? 480 : 100), truth: truth)
        }
        return predicting(pictures, name: "synthetic", classes: 5, crowded: 4)
    }

    static func bccdScenes() throws -> [Picture] {
        struct File: Decodable {
            struct Size: Decodable { let width, height: Int }
            struct Box: Decodable { let classId: Int, left, top, width, height: Double }
            let imageSize: [Size]
            let annotations: [Box]
        }
        let decoder = JSONDecoder()
        decoder.keyDecodingStrategy = .convertFromSnakeCase
        let names = try FileManager.default.contentsOfDirectory(atPath: bccd).filter { $0.hasSuffix(".json") }.sorted()
        let pictures = try names.map { name in
            let file = try decoder.decode(File.self, from: Data(contentsOf: URL(fileURLWithPath: bccd + "/" + name)))
            let (w, h) = (Double(file.imageSize[0].width), Double(file.imageSize[0].height))
            return Picture(
                size: PixelSize(width: file.imageSize[0].width, height: file.imageSize[0].height),
                truth: file.annotations.map {
                    BoundingBox(
                        classID: $0.classId, left: $0.left / w, top: $0.top / h, right: ($0.left + $0.width) / w,
                        bottom: ($0.top + $0.height) / h)
                })
        }
        return predicting(pictures, name: "bccd", classes: 3)
    }

    private static func predicting(_ pictures: [Picture], name: String, classes: Int, crowded: Int? = nil) -> [Picture] {
        pictures.enumerated().map { image, picture in
            var picture = picture
            func find(_ classID: Int, _ score: Double, _ edges: [Double]) {
                picture.found.append(
                    Detection(
                        classID: classID, score: Float(score), left: Float(edges[0]), top: Float(edges[1]), right: Float(edges[2]),
                        bottom: Float(edges[3])))
            }
            for (k, truth) in picture.truth.enumerated() {
                let u = uniform("\(name)/\(image)/found/\(k)", 8)
                guard u[0] < 0.8 else { continue }
                let (width, height) = (truth.right - truth.left, truth.bottom - truth.top)
                let edges = [
                    truth.left + (u[1] - 0.5) * 0.3 * width, truth.top + (u[2] - 0.5) * 0.3 * height,
                    truth.right + (u[3] - 0.5) * 0.3 * width, truth.bottom + (u[4] - 0.5) * 0.3 * height,
                ]
                let kind = u[5] < 0.1 ? (truth.classID + 1) % classes : truth.classID
                let score = (u[6] * 64).rounded(.down) / 64
                find(kind, score, edges)
                if u[7] < 0.2 { find(kind, score / 2, edges) }
            }
            for k in 0..<(image == crowded ? 150 : 10) {
                let u = uniform("\(name)/\(image)/random/\(k)", 6)
                find(image == crowded ? 1 : Int(u[4] * Double(classes)), (u[5] * 32).rounded(.down) / 64, box(u))
            }
            return picture
        }
    }
}
