import Datasets
import Foundation
import Storage
import Testing

@Suite("Boxes through every format")
struct BoxRoundTripTests {
    private struct Sample {
        let images: [AnnotatedImage]
        let names = ["red cell", "white & cell", "plätelet", "never seen"]

        /// Boxes at whole pixels, or at hundredths of them.
        init(whole: Bool) throws {
            var state: UInt64 = 42
            func next(_ limit: Int) -> Int {
                state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
                return Int(state >> 33) % limit
            }
            images = try (0..<12).map { number in
                let (width, height) = (200 + next(500), 200 + next(500))
                let boxes = (0..<next(9)).map { _ -> BoundingBox in
                    func edges(_ side: Int) -> (Double, Double) {
                        let unit = whole ? 1 : 100
                        let low = next(side * unit - 2 * unit)
                        return (
                            Double(low) / Double(unit * side),
                            Double(low + 2 * unit + next(side * unit - low - 2 * unit)) / Double(unit * side)
                        )
                    }
                    let ((left, right), (top, bottom)) = (edges(width), edges(height))
                    return BoundingBox(classID: next(3), left: left, top: top, right: right, bottom: bottom)
                }
                return AnnotatedImage(
                    name: "batch \(number % 2)/p\(number).png", payload: .encoded(try png(width, height, UInt8(number))),
                    annotation: .boxes(boxes), place: "made")
            }
        }

        var boxes: [[[Double]]] { images.map { Sample.pixels($0.annotation, try? Sample.size($0)) } }

        static func size(_ image: AnnotatedImage) throws -> (Int, Int) {
            let bytes = try image.payload.encodedBytes()
            func number(_ at: Int) -> Int { bytes[at..<at + 4].reduce(0) { $0 << 8 | Int($1) } }
            return (number(16), number(20))
        }

        static func pixels(_ annotation: Annotation, _ size: (Int, Int)?) -> [[Double]] {
            guard case .boxes(let boxes) = annotation, let (width, height) = size else { return [] }
            let (w, h) = (Double(width), Double(height))
            return boxes.map { [Double($0.classID), $0.left * w, $0.top * h, $0.right * w, $0.bottom * h] }
        }
    }

    private func convert(_ images: any AnnotatedImages, to format: DatasetFormat, below folder: String) throws -> any AnnotatedImages {
        let place = folder + "/" + format.rawValue
        try images.write(as: format, to: LocalStore(place), name: "train", resume: false)
        return try AnnotatedChannel(place).open()
    }

    @Test(
        "COCO → RecordIO → VOC → YOLO → JSON → manifest → COCO keeps every picture, box and class name",
        arguments: [(true, 0.01), (false, 0.51)])
    func chain(whole: Bool, tolerance: Double) throws {
        let folder = try TemporaryFolder()
        let sample = try Sample(whole: whole)
        let writer = try COCOWriter(LocalStore(folder.path + "/start"), classNames: sample.names)
        for image in sample.images { try writer.write(image) }
        try writer.finish()
        var images: any AnnotatedImages = try AnnotatedChannel(folder.path + "/start").open()
        let start = try (0..<images.count).map { Sample.pixels(try images.annotation(at: $0), try Sample.size(images.record(at: $0))) }
        #expect(zip(start, sample.boxes).allSatisfy { close($0, $1, 1e-6) } && start.count == sample.images.count)
        // VOC rounds to whole pixels, and YOLO to 6 decimals.
        var allowed = 1e-3
        for format in [DatasetFormat.recordio, .voc, .yolo, .boxes, .manifest, .coco] {
            images = try convert(images, to: format, below: folder.path)
            if format == .voc { allowed = tolerance }
            #expect(images.task == .detection && images.count == sample.images.count, "\(format)")
            #expect(images.classNames == sample.names, "\(format)")
            // Folders list by name, `p10` before `p2`.
            let found = try Dictionary(
                uniqueKeysWithValues: (0..<images.count).map { index in
                    let record = try images.record(at: index)
                    return (record.name, Sample.pixels(record.annotation, try Sample.size(record)))
                })
            for (image, boxes) in zip(sample.images, sample.boxes) {
                #expect(close(found[image.name] ?? [], boxes, allowed), "\(format) \(image.name)")
            }
        }
    }

    @Test(
        "Real cells, RecordIO's floats and all: every box of BCCD comes back",
        .enabled(if: SharedData.holds("bccd"), "needs ../shared/data"))
    func bccd() throws {
        let folder = try TemporaryFolder()
        var reader = AnnotatedChannel(SharedData.path("bccd"))
        reader.channel = "validation"
        let start = try reader.open()
        #expect(start.count == 87 && start.classNames == ["RBC", "WBC", "Platelets"])
        var images = start
        for format in [DatasetFormat.recordio, .voc, .yolo, .coco] { images = try convert(images, to: format, below: folder.path) }
        var counts = [0, 0, 0]
        for index in 0..<start.count {
            let (first, last) = (try start.record(at: index), try images.record(at: index))
            #expect(first.name == last.name)
            let boxes = Sample.pixels(first.annotation, (640, 480))
            #expect(close(boxes, Sample.pixels(last.annotation, (640, 480)), 0.011))
            for box in boxes { counts[Int(box[0])] += 1 }
        }
        #expect(counts == [967, 87, 83])
    }
}
