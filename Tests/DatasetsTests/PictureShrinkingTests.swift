import Foundation
import Imaging
import Storage
import Testing

@testable import Datasets

@Suite("Pictures that are made smaller on the way")
struct PictureShrinkingTests {
    private let shrinking: PictureShrinking

    init() throws { shrinking = try PictureShrinking(shorterSide: 100) }

    /// Left half dark, right half light.
    private func picture(_ width: Int, _ height: Int) throws -> Image {
        try Image(
            width: width, height: height, channels: 3,
            pixels: (0..<width * height).flatMap { [UInt8](repeating: $0 % width < width / 2 ? 20 : 230, count: 3) })
    }

    private func record(_ bytes: [UInt8], _ annotation: Annotation, stated: PixelSize? = nil) -> AnnotatedImage {
        AnnotatedImage(name: "a", payload: .encoded(bytes), annotation: annotation, place: "a.json", statedSize: stated)
    }

    @Test("What is small enough keeps its bytes; a larger one keeps its format and its label")
    func labels() throws {
        let small = try picture(120, 100).encodedJPEG()
        #expect(try shrinking.shrunk(record(small, .label(.single(3)))).payload.encodedBytes() == small)
        for bytes in [try picture(400, 300).encodedJPEG(), try picture(400, 300).encodedPNG()] {
            let shrunk = try shrinking.shrunk(record(bytes, .label(.single(3))))
            let header = try ImageHeader(of: shrunk.payload.encodedBytes())
            #expect(header.width == 133 && header.height == 100)
            #expect(try header.format == ImageHeader(of: bytes).format)
            guard case .label(.single(3)) = shrunk.annotation else { return #expect(Bool(false), "the label is another one") }
        }
        #expect(throws: DatasetError.self) { try shrinking.shrunk(record([0xFF, 0xD8, 0xFF, 0], .label(.single(0)))) }
        #expect(throws: DatasetError.self) { try PictureShrinking(shorterSide: 0) }
        #expect(throws: DatasetError.self) { try PictureShrinking(shorterSide: 100, quality: 101) }
    }

    @Test("A picture that EXIF turns is written upright, and its boxes and mask are turned and scaled with it")
    func turned() throws {
        // 6: what is stored on the left is seen on top.
        let bytes = try turnedJPEG(picture(400, 300), orientation: 6)
        let stored = PixelSize(width: 400, height: 300)
        let dark = BoundingBox(classID: 0, left: 0, top: 0, right: 0.5, bottom: 1)
        let shrunk = try shrinking.shrunk(record(bytes, .boxes([dark]), stated: stored))
        #expect(shrunk.statedSize == PixelSize(width: 100, height: 133))
        let small = try shrunk.payload.decoded()
        #expect(small.width == 100 && small.height == 133)
        guard case .boxes(let boxes) = shrunk.annotation, let box = boxes.first else { return #expect(Bool(false), "there is no box") }
        #expect(abs(box.left) < 1e-9 && abs(box.top) < 1e-9 && abs(box.right - 1) < 1e-9 && abs(box.bottom - 0.5) < 1e-9)
        #expect(small.pixels[3 * (30 * 100 + 50)] < 60 && small.pixels[3 * (100 * 100 + 50)] > 200)

        let mask = try Image(width: 400, height: 300, channels: 1, pixels: (0..<120_000).map { $0 % 400 < 200 ? 7 : 255 })
        let masked = try shrinking.shrunk(record(bytes, .mask(.pixels(mask))))
        guard case .mask(let found) = masked.annotation else { return #expect(Bool(false), "there is no mask") }
        let classes = try found.decodedMask(labelMap: .identity, place: "mask")
        #expect(classes.size == PixelSize(width: 100, height: 133) && Set(classes.classIDs) == [7, 255])
        #expect(classes.classIDs[30 * 100 + 50] == 7 && classes.classIDs[100 * 100 + 50] == 255)
    }

    @Test("A whole data set is written smaller in its order, and a resumed run wants the same size")
    func whole() throws {
        let folder = NSTemporaryDirectory() + "shrink-\(UUID().uuidString)"
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let source = LocalStore(folder + "/in"), target = LocalStore(folder + "/out")
        for number in 0..<20 {
            try source.write(picture(200 + number, 150).encodedJPEG(), to: "\(number % 2 == 0 ? "x" : "y")/\(number).jpg")
        }
        let images = try AnnotatedChannel(source.place).open()
        struct Stop: Error {}
        #expect(throws: Stop.self) {
            try images.write(as: .recordio, to: target, name: "train", resume: false, shrinking: shrinking) { if $0 == 5 { throw Stop() } }
        }
        #expect(throws: DatasetError.self) { try images.write(as: .recordio, to: target, name: "train", resume: true) }
        try images.write(as: .recordio, to: target, name: "train", resume: true, shrinking: shrinking)
        let written = try AnnotatedChannel(target.place).open()
        #expect(written.count == 20)
        for index in 0..<20 {
            let (before, after) = (try images.record(at: index), try written.record(at: index))
            #expect(try after.payload.decoded().height == 100)
            #expect("\(before.annotation)" == "\(after.annotation)")
            let width = try before.payload.decoded().width
            #expect(try abs(after.payload.decoded().width - width * 100 / 150) <= 1)
        }
    }
}
