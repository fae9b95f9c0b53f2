import Datasets
import Imaging
import Testing
import Torch
import Weights

@testable import Tasks

/// A black picture with a red, a green and a blue rectangle, and their boxes: class 0, 1, 2.
private struct Scene {
    let image: Image
    let boxes: [BoundingBox]

    init(width: Int, height: Int, _ rects: [PixelRect]) throws {
        var pixels = [UInt8](repeating: 0, count: width * height * 3)
        for (channel, rect) in rects.enumerated() {
            for y in rect.y..<rect.y + rect.height {
                for x in rect.x..<rect.x + rect.width { pixels[3 * (y * width + x) + channel] = 255 }
            }
        }
        image = try Image(width: width, height: height, channels: 3, pixels: pixels)
        boxes = rects.enumerated().map { channel, rect in
            BoundingBox(
                classID: channel, left: Double(rect.x) / Double(width), top: Double(rect.y) / Double(height),
                right: Double(rect.x + rect.width) / Double(width), bottom: Double(rect.y + rect.height) / Double(height))
        }
    }

    static func standard() throws -> Scene {
        try Scene(
            width: 400, height: 320,
            [
                PixelRect(x: 20, y: 30, width: 150, height: 120), PixelRect(x: 230, y: 10, width: 90, height: 200),
                PixelRect(x: 60, y: 200, width: 140, height: 100),
            ])
    }

    /// The pixels that are nearer to a rectangle's colour than to any other, whatever was done to brightness and hue.
    static func find(_ channel: Int, in pixels: [UInt8], side: Int) -> (left: Int, top: Int, right: Int, bottom: Int)? {
        func excess(_ place: Int) -> Int {
            let (r, g, b) = (Int(pixels[3 * place]), Int(pixels[3 * place + 1]), Int(pixels[3 * place + 2]))
            return [r - max(g, b), g - max(r, b), b - max(r, g)][channel]
        }
        let most = (0..<side * side).lazy.map(excess).max() ?? 0
        guard most > 30 else { return nil }
        var (left, top, right, bottom) = (side, side, 0, 0)
        for y in 0..<side {
            for x in 0..<side where 2 * excess(y * side + x) > most {
                (left, top, right, bottom) = (min(left, x), min(top, y), max(right, x + 1), max(bottom, y + 1))
            }
        }
        return (left, top, right, bottom)
    }
}

/// An input of `side` pixels as the VGG networks take it.
private func input(_ side: Int) -> PreprocessingDescription {
    var input = PreprocessingDescription(channels: 3, height: side, width: side)
    input.mean = [0.48235, 0.45882, 0.40784]
    return input
}

private func run(
    _ payload: ImagePayload, _ boxes: [BoundingBox], side: Int = 300, augments: Bool, seed: UInt64 = 0, epoch: Int = 0
) throws -> (pixels: [UInt8], objects: [BoundingBox], size: PixelSize) {
    let transform = DetectionTransform(input(side), augments: augments)
    var pixels = [UInt8](repeating: 0, count: transform.byteCount)
    var random = RandomStream(seed: seed, epoch: epoch, index: 3)
    let (size, objects) = try pixels.withUnsafeMutableBufferPointer {
        try transform.write(payload, boxes: boxes, named: "scene.png", into: $0, random: &random)
    }
    return (pixels, objects, size)
}

@Suite("Pictures with boxes become inputs")
struct DetectionTransformTests {
    /// Whether each object lies where its pixels are, to `tolerance` pixels.
    private func expectFound(
        _ result: (pixels: [UInt8], objects: [BoundingBox], size: PixelSize), side: Int, tolerance: Double, _ what: String
    ) {
        for object in result.objects {
            guard let found = Scene.find(object.classID, in: result.pixels, side: side) else {
                Issue.record("\(what): class \(object.classID) is not to be seen")
                continue
            }
            let edges = [object.left, object.top, object.right, object.bottom].map { $0 * Double(side) }
            for (edge, pixel) in zip(edges, [found.left, found.top, found.right, found.bottom]) {
                #expect(abs(edge - Double(pixel)) <= tolerance, "\(what): class \(object.classID) \(edges) but \(found)")
            }
        }
    }

    @Test("Through colours, expansion, crop, flip and every filter each box stays on its pixels, within one")
    func boxesFollowPixels() throws {
        let scene = try Scene.standard()
        var kept = 0
        for seed in 0..<150 {
            let result = try run(.pixels(scene.image), scene.boxes, augments: true, seed: UInt64(seed))
            expectFound(result, side: 300, tolerance: 1.01, "seed \(seed)")
            #expect(result.objects.count >= 1)
            kept += result.objects.count
        }
        #expect((200...430).contains(kept))
    }

    @Test("The same from a JPEG, of which a part is decoded, reduced where it is shown small")
    func jpeg() throws {
        let scene = try Scene.standard()
        let large = try scene.image.resized(width: 1600, height: 1280).encodedJPEG(quality: 95)
        for seed in 0..<60 {
            expectFound(
                try run(.encoded(large), scene.boxes, augments: true, seed: UInt64(seed)), side: 300, tolerance: 2.01, "seed \(seed)")
        }
        let whole = try run(.encoded(large), scene.boxes, augments: false)
        #expect(whole.size == PixelSize(width: 1600, height: 1280) && whole.objects == scene.boxes)
        expectFound(whole, side: 300, tolerance: 1.01, "whole")
    }

    @Test("Without augmentation the picture is stretched and the boxes stay; one of the input's size is not touched")
    func stretch() throws {
        let scene = try Scene.standard()
        let result = try run(.pixels(scene.image), scene.boxes, augments: false)
        #expect(result.pixels == (try scene.image.resized(width: 300, height: 300).pixels))
        #expect(result.objects == scene.boxes && result.size == PixelSize(width: 400, height: 320))
        let same = try run(.pixels(scene.image.resized(width: 300, height: 300)), scene.boxes, augments: false)
        #expect(same.pixels == result.pixels)
        let grey = try Image(width: 5, height: 7, channels: 1, pixels: [UInt8](repeating: 90, count: 35))
        #expect(try run(.encoded(grey.encodedPNG()), [], augments: false).pixels.allSatisfy { $0 == 90 })
    }

    @Test("Objects lie inside the input, have area, and are never more than there were, whatever the boxes are")
    func properties() throws {
        let image = try Image(width: 31, height: 47, filledWith: [10, 200, 30])
        for seed in 0..<400 {
            var random = RandomStream(seed: 99, epoch: 0, index: seed)
            let boxes = (0..<Int.random(in: 0...6, using: &random)).map { number in
                let edges = (0..<4).map { _ in Double.random(in: -0.3...1.3, using: &random) }
                // Some without area, some with their edges exchanged.
                return BoundingBox(
                    classID: number, left: edges[0], top: edges[1], right: number == 5 ? edges[0] : edges[2], bottom: edges[3])
            }
            let objects = try run(.pixels(image), boxes, side: 64, augments: true, seed: UInt64(seed)).objects
            #expect(Set(objects.map(\.classID)).count == objects.count)
            #expect(objects.allSatisfy { $0.left >= 0 && $0.top >= 0 && $0.right <= 1 && $0.bottom <= 1 && $0.width > 0 && $0.height > 0 })
        }
    }

    @Test("Five hundred objects, and none, are handled")
    func crowdedAndEmpty() throws {
        let image = try Image(width: 80, height: 60, filledWith: [10, 200, 30])
        let boxes = (0..<500).map { number in
            let (x, y) = (Double(number % 25) / 25, Double(number / 25) / 20)
            return BoundingBox(classID: 0, left: x, top: y, right: x + 0.03, bottom: y + 0.04)
        }
        for seed in 0..<30 {
            #expect(try !run(.pixels(image), boxes, augments: true, seed: UInt64(seed)).objects.isEmpty)
            #expect(try run(.pixels(image), [], augments: true, seed: UInt64(seed)).objects.isEmpty)
        }
    }

    @Test("What an expansion adds has the mean's colour, and colours of the picture change without it")
    func fill() throws {
        let image = try Image(width: 50, height: 50, filledWith: [250, 0, 0])
        var filled = 0
        for seed in 0..<100 {
            let pixels = try run(.pixels(image), [], side: 60, augments: true, seed: UInt64(seed)).pixels
            let others = stride(from: 0, to: pixels.count, by: 3).filter {
                Int(pixels[$0]) - Int(min(pixels[$0 + 1], pixels[$0 + 2])) <= 40
            }
            #expect(others.allSatisfy { pixels[$0] == 123 && pixels[$0 + 1] == 117 && pixels[$0 + 2] == 104 }, "seed \(seed)")
            if !others.isEmpty { filled += 1 }
        }
        #expect((25...60).contains(filled))
    }

    @Test("An input is a function of seed, epoch and index")
    func deterministic() throws {
        let scene = try Scene.standard()
        func pixels(_ seed: UInt64, _ epoch: Int) throws -> [UInt8] {
            try run(.pixels(scene.image), scene.boxes, augments: true, seed: seed, epoch: epoch).pixels
        }
        #expect(try pixels(1, 2) == pixels(1, 2))
        #expect(try pixels(1, 2) != pixels(1, 3))
        #expect(try pixels(1, 2) != pixels(2, 2))
    }

    @Test("A damaged picture is named in the error")
    func damaged() {
        let error = #expect(throws: ImagingError.self) { try run(.encoded(Array("no image".utf8)), [], augments: true) }
        #expect(error?.description.contains("scene.png") == true)
    }
}

private struct MadeImages: AnnotatedImages {
    let images: [AnnotatedImage]
    let task = VisionTask.detection
    let classNames: [String]? = nil
    let source = "made boxes"
    var count: Int { images.count }
    func record(at index: Int) throws -> AnnotatedImage { images[index] }
}

@Suite("Mini-batches of detection")
struct DetectionBatchTests {
    private func dataset() throws -> DetectionDataset {
        let scene = try Scene.standard()
        return try DetectionDataset(
            MadeImages(
                images: (0..<8).map { number in
                    var boxes = Array(scene.boxes.prefix(number % 4))
                    if number == 3 { boxes[0].left = -0.5 }
                    return AnnotatedImage(
                        name: "\(number)", payload: .pixels(scene.image), annotation: .boxes(boxes), place: "picture \(number)")
                }))
    }

    @Test("Targets are padded to the picture with most objects, with class -1; what was annotated stays for evaluation")
    func targets() throws {
        let loader = try DetectionSource.dataset(dataset()).loadOnce(batchSize: 4, pass: 0, workers: 1) {
            DetectionBatchBuilder(record: $0, transform: DetectionTransform(input(64)))
        }
        let batch = try #require(try loader.next()).batch
        let (boxes, classes) = try batch.targets(device: .cpu)
        #expect(boxes.shape == [4, 3, 4] && classes.shape == [4, 3])
        #expect(try classes.elements(as: Int64.self) == [-1, -1, -1, 0, -1, -1, 0, 1, -1, 0, 1, 2])
        let edges = try boxes.elements(as: Float.self)
        #expect(edges[0..<12].allSatisfy { $0 == 0 })
        #expect(Array(edges[12..<16]) == [0.05, 0.09375, 0.425, 0.46875])
        #expect(edges[36] == 0 && batch.objects(slot: 3)[0].left == 0 && batch.truth(slot: 3)[0].left == -0.5)
        #expect(batch.size(slot: 2) == PixelSize(width: 400, height: 320) && batch.name(slot: 2) == "picture 2")
        let pixels = try batch.input(mean: [0, 0, 0], std: [1, 1, 1], dtype: .float32, device: .cpu)
        #expect(pixels.shape == [4, 3, 64, 64])
        loader.cancel()
    }

    @Test("A mini-batch without any object has one padding row")
    func empty() throws {
        let builder = DetectionBatchBuilder(dataset: try dataset(), transform: DetectionTransform(input(32)))
        let batch = try builder.makeBatch(count: 1)
        try builder.fill(batch, slot: 0, index: 4, epoch: 0)
        let (boxes, classes) = try batch.targets(device: .cpu)
        #expect(boxes.shape == [1, 1, 4] && classes.shape == [1, 1])
        #expect(try classes.elements(as: Int64.self) == [-1])
    }

    @Test("Any number of workers makes the same mini-batches")
    func workers() throws {
        func epoch(_ workers: Int) throws -> [[Float]] {
            let loader = try DetectionSource.dataset(dataset()).loadTraining(
                batchSize: 4, share: .whole, seed: 3, bounds: ShuffleBounds(), epochs: 1..<2, firstBatch: 0, workers: workers,
                unreadable: .fail
            ) { DetectionBatchBuilder(record: $0, transform: DetectionTransform(input(48), augments: true), seed: 3) }
            var all: [[Float]] = []
            while let loaded = try loader.next() {
                all.append(try loaded.batch.input(mean: [0, 0, 0], std: [1, 1, 1], dtype: .float32, device: .cpu).elements())
                all.append(try loaded.batch.targets(device: .cpu).boxes.elements())
            }
            return all
        }
        let alone = try epoch(1)
        #expect(alone.count == 4)
        #expect(try epoch(3) == alone)
    }
}
