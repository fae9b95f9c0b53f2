import Datasets
import Imaging
import Reporting
import Tasks
import Testing

@Suite("Reports of segmentation")
struct SegmentationReportTests {
    private var report: SegmentationReport {
        var metrics = SegmentationMetrics(classCount: 4)
        metrics.add(predicted: [0, 0, 1, 1, 2, 1], truth: [0, 0, 0, 1, 1, 255])
        return SegmentationReport(metrics, classes: ["road", "sky", "tree", "car"], seconds: 0.5)
    }

    @Test("The text has both means where they differ, classes, and what was taken for what in percent")
    func text() {
        #expect(
            report.text == """
                mIOU                    0.2500
                  of classes present    0.3333
                pixel accuracy          0.6000
                images                  1 (2.0 img/s)

                class    IoU  precision  recall  pixels
                road   0.667      1.000   0.667       3
                sky    0.333      0.500   0.500       2
                tree   0.000      0.000       –       0
                car        –          –       –       0

                Rows are true classes, columns what was predicted, in percent of the row:
                      road   sky  tree  car
                road  66.7  33.3     ·    ·
                sky      ·  50.0  50.0    ·
                tree     ·     ·     ·    ·
                car      ·     ·     ·    ·

                """)
    }

    @Test("Boundaries have a line and a column where they were measured")
    func boundaries() {
        var metrics = SegmentationMetrics(classCount: 2)
        metrics.add(predicted: [0, 0, 1, 1], truth: [0, 0, 1, 1])
        metrics.add(BoundaryScores(predicted: [0, 0, 1, 1], truth: [0, 0, 1, 1], size: PixelSize(width: 4, height: 1)))
        let report = SegmentationReport(metrics, classes: ["a", "b"], seconds: 0)
        #expect(report.text.contains("boundary F1             1.0000\nimages                  1\n"))
        #expect(report.classMarkdown.contains("| class | IoU | precision | recall | boundary F1 | pixels |"))
    }

    @Test("The JSON has the keys that scripts rely on")
    func json() {
        let line = report.json.line
        #expect(
            line.hasPrefix(
                "{\"mIOU\": 0.25, \"mIOU_present\": 0.3333333333333333, \"pixel_accuracy\": 0.6, \"boundary_f1\": null, \"images\": 1, "))
        #expect(
            line.contains(
                "{\"class\": \"car\", \"iou\": null, \"precision\": null, \"recall\": null, \"boundary_f1\": null, \"pixels\": 0}"))
        #expect(line.hasSuffix("\"confusion_matrix\": [[2, 1, 0, 0], [0, 1, 1, 0], [0, 0, 0, 0], [0, 0, 0, 0]]}"))
    }

    @Test("The CSV has a row for each true class")
    func csv() {
        #expect(
            report.confusionCSV == """
                true\\predicted,road,sky,tree,car
                road,2,1,0,0
                sky,0,1,1,0
                tree,0,0,0,0
                car,0,0,0,0

                """)
        #expect(report.attachments.map(\.name) == ["confusion_matrix.csv"])
    }
}

@Suite("Masks over pictures")
struct SegmentationDrawingTests {
    @Test("Regions are half seen through, their edges in full, holes left as they are")
    func colours() throws {
        let image = try Image(width: 5, height: 1, filledWith: [10, 20, 30])
        let mask = try Mask(size: PixelSize(width: 5, height: 1), classIDs: [0, 0, 1, 1, 255])
        let drawn = try SegmentationDrawing(classes: ["a", "b"], font: nil).drawn(mask, on: image).pixels
        let (a, b) = (Palette.distinct(0), Palette.distinct(1))
        func half(_ under: Int, _ over: UInt8) -> UInt8 { UInt8((under + Int(over) + 1) / 2) }
        #expect(Array(drawn[0..<3]) == [half(10, a.red), half(20, a.green), half(30, a.blue)])
        #expect(Array(drawn[3..<6]) == [a.red, a.green, a.blue])
        #expect(Array(drawn[6..<9]) == [half(10, b.red), half(20, b.green), half(30, b.blue)])
        #expect(Array(drawn[9..<12]) == [b.red, b.green, b.blue])
        #expect(Array(drawn[12..<15]) == [10, 20, 30])
        #expect(throws: ImagingError.self) {
            try SegmentationDrawing(classes: [], font: nil).drawn(mask, on: Image(width: 4, height: 1, filledWith: [0]))
        }
    }

    @Test("Names stand below the picture, none for a picture of holes", .enabled(if: Font.system() != nil))
    func names() throws {
        let image = try Image(width: 200, height: 60, filledWith: [10, 20, 30])
        let drawing = SegmentationDrawing(classes: ["a long name", "another long name", "and one more"])
        let classes = (0..<200 * 60).map { UInt8($0 % 200 / 67) }
        let drawn = try drawing.drawn(Mask(size: PixelSize(width: 200, height: 60), classIDs: classes), on: image)
        #expect(drawn.width == 200 && drawn.height > 60 + 2 * 11)
        let holes = try Mask(size: PixelSize(width: 200, height: 60), classIDs: [UInt8](repeating: 255, count: 200 * 60))
        #expect(try drawing.drawn(holes, on: image) == image)
    }
}
