import Imaging
import Testing

@testable import Datasets

@Suite("What the data check finds in a record")
struct RecordCheckTests {
    private let size = PixelSize(width: 20, height: 10)

    // MARK: Pictures

    @Test("Every sort of broken picture has its kind, its file and a remedy")
    func pictures() throws {
        let folder = try TemporaryFolder()
        let jpeg = try sample(1).encodedJPEG()
        var png = try sample(2).encodedPNG()
        png[png.count - 14] ^= 0xFF
        let files: [(name: String, bytes: [UInt8], kind: String)] = [
            ("whole.jpg", jpeg, ""), ("cut.jpg", Array(jpeg.dropLast(2)), "damaged-picture"), ("empty.jpg", [], "empty-file"),
            ("text.jpg", Array("no picture".utf8), "not-a-picture"), ("checksum.png", png, "damaged-picture"),
        ]
        var images = SampleImages(try files.map { (ImagePayload.file(try folder.write($0.bytes, to: $0.name)), 0) })
        images.records.append(
            .success(
                AnnotatedImage(
                    name: "none.jpg", payload: .file(folder.path + "/none.jpg"), annotation: .label(.single(0)), place: "train.lst:6")))
        let report = try report(images)
        let expected = files.filter { !$0.kind.isEmpty }.map { "\($0.kind) train \(folder.path)/\($0.name)" }
        #expect(report.found == expected + ["unreadable-file train train.lst:6"])
        #expect(report.channels.first?.pictures == 1)
        #expect(
            report.faults[1].description
                == "\(folder.path)/empty.jpg: the picture is empty (0 bytes); copy it again or remove it from the data")
        #expect(
            report.faults[2].description
                == "\(folder.path)/text.jpg: neither JPEG nor PNG, but text that begins “no picture” (10 bytes); "
                + "convert it to JPEG or PNG, or remove it from the data")
        #expect(report.faults[4].problem.hasPrefix("its picture \(folder.path)/none.jpg: cannot be read"))
    }

    @Test(
        "A record that its reader refuses is a fault of its own, and the others are read", arguments: [DatasetError.Kind.malformed, .label])
    func refused(kind: DatasetError.Kind) throws {
        var images = SampleImages([(.pixels(try sample(1)), 0), (.pixels(try sample(2)), 0)])
        images.records.insert(.failure(DatasetError(kind, at: "x.lst:2", "it is broken", remedy: "mend it")), at: 1)
        let report = try report(images)
        #expect(report.found == [(kind == .label ? "wrong-label" : "broken-record") + " train x.lst:2"])
        #expect(report.faults.first?.record == 1 && report.channels.first?.records == 3 && report.channels.first?.pictures == 2)
    }

    @Test("Strips, specks and posters are pointed out; a panorama of 10 to 1 and a picture of 8 pixels are not")
    func extremes() {
        let sizes = [(80, 8), (8, 8), (81, 8), (7, 7), (8000, 8000), (8001, 8000)].map { PixelSize(width: $0.0, height: $0.1) }
        #expect(sizes.map { RecordCheck.extreme($0) != nil } == [false, false, true, true, false, true])
    }

    // MARK: Boxes

    @Test("A box may reach a pixel beyond its picture, which rounding explains, and no more")
    func rounding() throws {
        let payload = ImagePayload.pixels(try sample(1))
        let fine = SampleImages(boxes: [(0, -1, -1, 21, 11), (0, 0, 0, 20, 10)], on: payload, stated: size)
        #expect(try report(fine).faults.isEmpty)
        for box in [(0, -1.5, 0, 5, 5), (0, 0, -2, 5, 5), (0, 0, 0, 21.5, 5), (0, 0, 0, 5, 12)] as [(Int, Double, Double, Double, Double)] {
            #expect(try report(SampleImages(boxes: [box], on: payload, stated: size)).found == ["box-outside train a.json"])
        }
    }

    @Test("A picture's faulty boxes are told with their place, one fault a kind")
    func boxes() throws {
        let images = SampleImages(
            boxes: [(0, 1, 1, 1, 5), (0, 9, 9, 8, 8), (0, 30, 2, 35, 6), (1, 15, 2, 25, 6), (7, 0, 0, 5, 5), (0, .nan, 0, 5, 5)],
            on: .pixels(try sample(1)), stated: size)
        let report = try report(images) { $0.classCount = 2 }
        #expect(
            report.faults.filter { $0.severity == .error }.map(\.problem) == [
                "box 4 has class 7, which is not in 0…1 (num_classes is 2)",
                "box 0 (class 0: left 1, top 1, width 0, height 4) has no area, and 2 more like it",
                "box 2 (class 0: left 30, top 2, width 5, height 4) lies outside the 20×10 picture, and 1 more like it",
            ])
        #expect(report.channels.first?.classes == [.init(items: 4, pictures: 1), .init(items: 1, pictures: 1)])
    }

    @Test("A stated size that is not the picture's is an error, and boxes are judged by the size that they were drawn at")
    func statedSize() throws {
        let images = SampleImages(boxes: [(0, 100, 50, 199, 99)], on: .pixels(try sample(1)), stated: PixelSize(width: 200, height: 100))
        let faults = try report(images).faults
        #expect(faults.map(\.kind) == [.wrongImageSize])
        #expect(faults.first?.problem == "it states 200×100 pixels, its picture 'a.jpg' has 20×10")
    }

    @Test("A picture without boxes is a note, not a fault")
    func noBoxes() throws {
        let report = try report(SampleImages(boxes: [], on: .pixels(try sample(1)), stated: size))
        #expect(report.found == ["no-boxes train samples"] && report.count(.error) == 0 && report.count(.note) == 1)
    }

    // MARK: Masks

    @Test("Masks that cannot be used are told apart")
    func masks() throws {
        let payload = ImagePayload.pixels(try sample(1))
        func found(_ mask: [UInt8], _ map: LabelMap = .identity) throws -> [String] {
            try report(SampleImages(mask: mask, on: payload, labelMap: map)) { $0.classCount = 3 }.faults
                .filter { $0.kind != .unusedClass }.map(\.kind.rawValue)
        }
        let fine = greyMask(width: 20, height: 10, value: 2)
        #expect(try found(fine).isEmpty)
        #expect(try found(greyMask(width: 10, height: 20, value: 2)) == ["wrong-mask-size"])
        #expect(try found(greyMask(width: 20, height: 10, value: 3)) == ["unknown-class"])
        #expect(try found(greyMask(width: 20, height: 10, value: 255)) == ["empty-mask"])
        #expect(try found(Array(fine.dropLast(30))) == ["unusable-mask"])
        #expect(try found([]) == ["empty-file"])
        #expect(try found(sample(1).encodedPNG()) == ["unusable-mask"])
        #expect(try found(sample(1).encodedJPEG()) == ["unusable-mask"])
        let deep = maskPNG(
            width: 20, height: 10, depth: 16, colourType: 0, rows: [[UInt8]](repeating: [UInt8](repeating: 0, count: 40), count: 10))
        #expect(try found(deep) == ["unusable-mask"])
        let map = try LabelMap(valueOfClass: [0: 9])
        #expect(try found(fine, map) == ["empty-mask", "unmapped-value"])
        #expect(try found(greyMask(width: 20, height: 10, value: 9), map).isEmpty)
    }

    @Test("Pixels are counted as the label map reads them")
    func pixels() throws {
        let rows = [[UInt8]](repeating: [UInt8](repeating: 6, count: 15) + [UInt8](repeating: 255, count: 5), count: 10)
        let mask = maskPNG(width: 20, height: 10, depth: 8, colourType: 0, rows: rows)
        let report = try report(SampleImages(mask: mask, on: .pixels(sample(1)), labelMap: LabelMap(scale: 3)))
        #expect(report.channels.first?.classes == [.init(), .init(), .init(items: 150, pictures: 1)])
        #expect(report.channels.first?.unlabelledPixels == 50)
    }
}
