import Imaging
import Testing

@testable import Datasets

@Suite("Pictures that are there twice")
struct DuplicateTests {
    @Test("The decoded pixels count: a picture packed again as PNG, or with other metadata, is the same")
    func content() throws {
        let jpeg = try sample(5).encodedJPEG()
        let comment: [UInt8] = [0xFF, 0xFE, 0, 4, 1, 2]
        let images = SampleImages([
            (.encoded(jpeg), 0), (.encoded(try Image(decoding: jpeg).encodedPNG()), 0),
            (.encoded(jpeg.prefix(2) + comment + jpeg.dropFirst(2)), 0),
            (.pixels(try sample(6)), 0),
        ])
        let report = try report(images)
        #expect(report.found == ["duplicate train samples, record 1", "duplicate train samples, record 2"])
        #expect(report.faults.allSatisfy { $0.problem == "it is the same picture as samples, record 0" })
    }

    @Test("Grey is the same picture however many channels hold it, and the same pixels in another shape are another picture")
    func shape() throws {
        let grey = try Image(width: 8, height: 10, filledWith: [7])
        let other = try Image(width: 10, height: 8, filledWith: [7])
        #expect(try ContentDigest(of: grey) == ContentDigest(of: grey.rgb()))
        #expect(try ContentDigest(of: grey) != ContentDigest(of: other))
    }

    @Test("Thousands of pictures that differ in one value have no two in common")
    func nothingFalse() throws {
        let images = SampleImages(try (0..<4000).map { (.pixels(try sample($0, width: 8, height: 8)), 0) })
        #expect(try report(images).faults.isEmpty)
    }

    @Test("A copy with another label contradicts; a copy in the validation set is a leak, whatever its label")
    func labels() throws {
        let train = SampleImages(
            [(.pixels(try sample(1)), 0), (.pixels(try sample(2)), 1), (.pixels(try sample(1)), 1)], classNames: ["cat", "dog"])
        let validation = SampleImages(
            [(.pixels(try sample(2)), 0), (.pixels(try sample(3)), 1), (.pixels(try sample(3)), 1)], classNames: ["cat", "dog"],
            source: "others")
        let report = try report(train, validation)
        #expect(
            report.faults.map(\.description) == [
                "samples, record 2: it is the same picture as samples, record 0; here it is 'dog', there 'cat'; "
                    + "keep the one that is annotated rightly",
                "others, record 0: the training set holds the same picture, samples, record 1; here it is 'cat', there 'dog'; "
                    + "remove one of them: what was trained on tells nothing about new pictures",
                "others, record 2: it is the same picture as others, record 1; keep one of them, unless it is meant to count more",
            ])
        #expect(report.faults.map(\.kind) == [.contradictingLabels, .leak, .duplicate])
        #expect(report.count(.error) == 0 && report.count(.warning) == 3)
    }

    @Test("Boxes contradict each other by what they say, not by their order")
    func boxes() throws {
        let stated = PixelSize(width: 20, height: 10)
        let payload = ImagePayload.pixels(try sample(1))
        func images(_ boxes: [[(Int, Double, Double, Double, Double)]]) -> SampleImages {
            var all = SampleImages(task: .detection)
            all.records = boxes.flatMap { SampleImages(boxes: $0, on: payload, stated: stated).records }
            return all
        }
        let (a, b) = ((0, 0.0, 0.0, 5.0, 5.0), (1, 5.0, 5.0, 9.0, 9.0))
        #expect(try report(images([[a, b], [b, a]])).faults.map(\.kind) == [.duplicate])
        #expect(try report(images([[a, b], [a, a]])).faults.map(\.kind) == [.contradictingLabels])
    }

    @Test("One data set given for both halves is said once, and is no leak of every picture")
    func sameData() throws {
        let images = SampleImages(try (0..<5).map { (.pixels(try sample($0)), 0) })
        #expect(try report(images, images).found == ["same-data validation samples"])
    }
}
