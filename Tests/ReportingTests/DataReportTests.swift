import Datasets
import Foundation
import Testing

@testable import Reporting

@Suite("Reports of data checks")
struct DataReportTests {
    private let sizes = DataReport.Sizes(smallest: PixelSize(width: 20, height: 10), largest: PixelSize(width: 640, height: 480))

    private func report(_ faults: [DataFault], _ counts: [DataFault.Kind: Int]) -> DataReport {
        DataReport(
            task: .classification, classNames: ["cat", "dog"],
            channels: [
                .init(
                    name: "train", source: "class folders in photos/train", isOpen: true, records: 1500, pictures: 1498, sizes: sizes,
                    classes: [.init(items: 1000, pictures: 1000), .init(items: 500, pictures: 500)]),
                .init(
                    name: "validation", source: "photos/validation", isOpen: false, records: 0, pictures: 0, sizes: nil,
                    classes: [.init(), .init()]),
            ], faults: faults, counts: counts)
    }

    private let faults = [
        DataFault(.emptyFile, in: "train", record: 3, at: "photos/train/cat/3.jpg", "it is empty", remedy: "copy it again"),
        DataFault(.emptyFile, in: "train", record: 7, at: "photos/train/cat/7.jpg", "it is empty", remedy: "copy it again"),
        DataFault(.readerWarning, in: "train", at: "class folders in photos/train", "photos/train: a \"note\" was left out", remedy: ""),
    ]

    @Test("The text has the data, the classes and each kind of fault, so many of it as asked for")
    func text() {
        #expect(
            report(faults, [.emptyFile: 40, .readerWarning: 1]).text(limit: 1, seconds: 2.5)
                == """
                train           1,500 records: class folders in photos/train
                validation      photos/validation: not opened
                task            classification
                classes         2
                train pictures  20×10 to 640×480 pixels (width×height)

                class  train images   share
                cat           1,000  66.7 %
                dog             500  33.3 %

                40 ERRORS
                empty file (40)
                  photos/train/cat/3.jpg: it is empty; copy it again
                  … and 39 more

                1 WARNING
                noticed while opening (1)
                  photos/train: a "note" was left out

                1,500 records checked in 2.5 s (600 img/s): 40 errors, 1 warning

                """)
    }

    @Test("Clean data have one line about it")
    func clean() {
        #expect(report([], [:]).text(limit: 5, seconds: 75).hasSuffix("\n\n1,500 records checked in 1:15 (20.0 img/s): nothing is wrong\n"))
    }

    @Test("A terminal shows how far the check is, how quick, and what it has found")
    func progress() {
        let (recorder, clock) = (Recorder(), HandClock())
        let progress = CheckProgress(recorder.output(terminal: true)) { clock.seconds }
        progress.show(.init(channel: "train", done: 0, total: 3000, faults: 0))
        #expect(recorder.text == "\rtrain  ────────────────────────  0/3,000\u{1B}[K")
        clock.seconds += 2
        progress.show(.init(channel: "train", done: 1000, total: 3000, faults: 1))
        #expect(recorder.text.hasSuffix("\rtrain  ━━━━━━━━────────────────  1,000/3,000  500 img/s  eta 0:04  1 finding\u{1B}[K"))
        progress.close()
        #expect(recorder.text.hasSuffix("\r\u{1B}[K"))
    }

    @Test("More classes than a screen has lines are summed up")
    func manyClasses() {
        let names = (0..<41).map(String.init)
        let report = DataReport(
            task: .detection, classNames: names,
            channels: [
                .init(
                    name: "train", source: "x", isOpen: true, records: 1, pictures: 1, sizes: nil,
                    classes: names.indices.map { .init(items: 1000 + $0, pictures: 1) })
            ], faults: [], counts: [:])
        #expect(report.text(limit: 1, seconds: 1).contains("\n\ntrain: 1,000 to 1,040 boxes of a class, the median class has 1,020\n"))
    }

    @Test("The JSON has the keys that scripts rely on")
    func json() {
        #expect(
            report(faults, [.emptyFile: 40, .readerWarning: 1]).json(seconds: 2.5).line == """
                {"task": "classification", "errors": 40, "warnings": 1, "notes": 0, "records": 1500, "seconds": 2.5, \
                "classes": ["cat", "dog"], "channels": [{"name": "train", "source": "class folders in photos/train", "opened": true, \
                "records": 1500, "readable_pictures": 1498, "sizes": {"smallest": {"width": 20, "height": 10}, \
                "largest": {"width": 640, "height": 480}}, "classes": [{"class": "cat", "images": 1000}, {"class": "dog", "images": 500}]}, \
                {"name": "validation", "source": "photos/validation", "opened": false, "records": 0, "readable_pictures": 0, \
                "classes": [{"class": "cat", "images": 0}, {"class": "dog", "images": 0}]}], \
                "counts": {"empty-file": 40, "reader-warning": 1}, \
                "faults": [{"severity": "error", "kind": "empty-file", "channel": "train", "record": 3, "place": "photos/train/cat/3.jpg", \
                "problem": "it is empty", "remedy": "copy it again"}, {"severity": "error", "kind": "empty-file", "channel": "train", \
                "record": 7, "place": "photos/train/cat/7.jpg", "problem": "it is empty", "remedy": "copy it again"}, \
                {"severity": "warning", "kind": "reader-warning", "channel": "train", "place": "class folders in photos/train", \
                "problem": "photos/train: a \\"note\\" was left out", "remedy": ""}], "faults_left_out": 38}
                """)
    }
}
