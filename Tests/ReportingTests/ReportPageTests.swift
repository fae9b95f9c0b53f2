import Datasets
import Foundation
import FoundationXML
import Imaging
import Storage
import Tasks
import Testing
import Training

@testable import Reporting

@Suite("Pages")
struct ReportPageTests {
    /// The page as XML, for which its elements without an end are given one; what is no HTML is no XML either.
    private func elements(_ html: String) throws -> [String: Int] {
        final class Counter: NSObject, XMLParserDelegate {
            var counts: [String: Int] = [:]
            func parser(
                _: XMLParser, didStartElement name: String, namespaceURI _: String?, qualifiedName _: String?,
                attributes _: [String: String]
            ) {
                counts[name, default: 0] += 1
            }
        }
        let xml = html.replacing("<!DOCTYPE html>", with: "").replacing(/<(meta|img)([^>]*)>/) { "<\($0.1)\($0.2)/>" }
        let parser = XMLParser(data: Data(xml.utf8))
        let counter = Counter()
        parser.delegate = counter
        try #require(parser.parse(), "\(String(describing: parser.parserError))")
        return counter.counts
    }

    @Test("A run's page is well formed, needs nothing else, and has the curves, the classes and the settings")
    func run() throws {
        let card = ModelCard(
            network: "cifar-resnet-20", parameterCount: 1, context: SampleRun.context, summary: SampleRun.summary,
            evaluation: SampleRun.evaluation, engine: "bfloat16 on cpu")
        let html = RunPage(card).html
        let counts = try elements(html)
        // Loss, accuracy and learning rate; of the first two training and validation.
        #expect(counts["svg"] == 3 && counts["polyline"] == 5)
        #expect(html.contains("best validation accuracy 0.5000 in epoch 2"))
        #expect(html.contains("title=\"cat taken for dog: 1, 25.0 %\""))
        #expect(html.contains("<td>num_layers</td><td>20</td>"))
        for outside in ["http:", "https:", "<script", "<link", "url("] { #expect(!html.contains(outside)) }
    }

    @Test("Names can't leave their place in the page")
    func names() throws {
        let odd = "<script>alert(1)</script>&\"'\u{1}"
        var report = ReportPage(odd, subtitle: odd, writer: odd)
        EvaluationReport(
            classes: [odd, "b"], accuracy: 0.5, topK: nil, loss: 1, images: 2, seconds: 0,
            perClass: [.init(name: odd, precision: 1, recall: 0, images: 1), .init(name: "b", precision: 0, recall: 0, images: 1)],
            confusion: [[0, 1], [1, 0]]
        ).add(to: &report)
        #expect(!report.html.contains("<script"))
        #expect(report.html.contains("&lt;script&gt;alert(1)&lt;/script&gt;&amp;&quot;&#39;\u{FFFD}"))
        _ = try elements(report.html)
    }

    @Test("A page is written after every epoch, and a resumed run's page begins with the epochs before")
    func progress() throws {
        let place = FileManager.default.temporaryDirectory.appendingPathComponent("pages-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: place, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: place) }
        let folder = RunFolder(place.path)
        let progress = PageProgress(folder, context: SampleRun.context)
        var start = SampleRun.start(resumedAt: (2, 0))
        start.history = [SampleRun.record(1)]
        progress.handle(.started(start))
        #expect(!FileManager.default.fileExists(atPath: folder.report))
        progress.handle(.epochEnded(SampleRun.record(2)))
        let page = try String(contentsOfFile: folder.report, encoding: .utf8)
        #expect(page.contains("2 of 2 epochs done.") && page.contains("<polyline"))
        #expect(!folder.holdsForeignReport)
        try folder.clear()
        #expect(!FileManager.default.fileExists(atPath: folder.report))
        // A page of the same name that no run wrote stays, and is no error.
        let own = Data("<html>mine</html>".utf8)
        try own.write(to: URL(fileURLWithPath: folder.report))
        progress.handle(.epochEnded(SampleRun.record(2)))
        let card = ModelCard(
            network: "n", parameterCount: 1, context: SampleRun.context, summary: SampleRun.summary, evaluation: nil,
            engine: "float32 on cpu")
        #expect(folder.writePage(card)?.contains("stays as it is") == true)
        try folder.clear()
        #expect(FileManager.default.contents(atPath: folder.report) == own)
        // Nor is a folder of this name.
        try FileManager.default.removeItem(atPath: folder.report)
        try FileManager.default.createDirectory(atPath: folder.report, withIntermediateDirectories: true)
        #expect(folder.writePage(card) != nil)
    }

    @Test("A data check's page shows labels, every class in its turn, and faults with what can be seen of them")
    func check() throws {
        let place = FileManager.default.temporaryDirectory.appendingPathComponent("check-\(UUID().uuidString)").path
        defer { try? FileManager.default.removeItem(atPath: place) }
        let store = LocalStore(place)
        func picture(_ value: Int) throws -> [UInt8] {
            try Image(width: 80, height: 60, filledWith: [UInt8(value), 90, 200]).encodedPNG()
        }
        for number in 0..<60 { try store.write(picture(number), to: "many/\(number).png") }
        try store.write(picture(200), to: "rare/1.png")
        try store.write(picture(201), to: "<odd>/1.png")
        try store.write(picture(7), to: "rare/copy.png")
        try store.write([], to: "many/empty.png")
        let images = try AnnotatedChannel(place).open()
        var check = DataCheck()
        try check.check("train", at: place) { _ in images }
        let html = check.report().page(["train": images], writer: "test").html
        // 24 pictures with labels; the copy, whose label contradicts; the empty file has none.
        #expect(try elements(html)["img"] == 25)
        for words in ["<figcaption>rare</figcaption>", "&lt;odd&gt;</figcaption>", "contradict", "empty.png", "copy it again"] {
            #expect(html.contains(words), "\(words)")
        }
        // Without the data there are no pictures, and nothing else is missing.
        #expect(try elements(check.report().page([:], writer: "test").html)["img"] == nil)
    }

    @Test("Axes hold what they are made for between round ends; what is not finite is a gap")
    func axes() {
        #expect(ChartAxis(holding: [0.31, 2.2]).ticks == [0, 0.5, 1, 1.5, 2, 2.5])
        #expect(ChartAxis(holding: [0.9, 0.95]).range.lowerBound >= 0.89)
        #expect(ChartAxis(holding: []).range == 0...1)
        #expect(ChartAxis(holding: [.nan, .infinity, 3]).range.contains(3))
        #expect(ChartAxis(whole: 1, to: 1).range == 1...2)
        #expect(ChartAxis(whole: 1, to: 90).ticks.allSatisfy { $0 == $0.rounded() })
        for values in [[-3.0, -1], [1e-9, 3e-9], [5e8, 7e8], [-1, 1], [0, 0], [4, 4]] {
            let axis = ChartAxis(holding: values)
            #expect(values.allSatisfy { axis.range.contains($0) })
            #expect((2...12).contains(axis.ticks.count), "\(axis.ticks)")
        }
        let chart = LineChart(
            title: "t", horizontal: .unit, vertical: .unit, horizontalName: "x",
            series: [.init(name: "s", points: [(0, 0), (0.2, 1), (0.4, .nan), (0.6, 0.5)])])
        #expect(chart.html.contains("points=\"56.0,258.0 170.4,12.0\"") && chart.html.contains("<circle cx=\"399.2\" cy=\"135.0\""))
        let empty = LineChart(title: "t", horizontal: .unit, vertical: .unit, horizontalName: "x", series: [])
        #expect(empty.html.isEmpty)
    }

    @Test("The pairs that are mistaken most often come first; too many classes have no matrix")
    func confusion() throws {
        let table = ConfusionTable(classes: ["a", "b", "c"], counts: [[5, 2, 0], [7, 1, 0], [0, 0, 3]])
        let often = try #require(table.mostOften(counting: "images"))
        #expect(often.rows == [["b", "a", "7", "87.5 %"], ["a", "b", "2", "28.6 %"]])
        #expect(ConfusionTable(classes: ["a"], counts: [[3]]).mostOften(counting: "images") == nil)
        let many = ConfusionTable(classes: (0..<50).map(String.init), counts: Array(repeating: Array(repeating: 1, count: 50), count: 50))
        #expect(many.html.isEmpty && many.mostOften(counting: "images")?.rows.count == 12)
    }
}
