import Foundation
import Storage
import Testing

@testable import Datasets

/// One small data set in every form that boxes come in.
private struct BoxForms {
    let folder = try? TemporaryFolder()
    static let names = ["disc", "bar"]
    static let samples: [(name: String, boxes: [[Double]])] = [
        ("a.png", [[0, 2, 3, 12, 13], [1, 20, 4, 36, 8]]), ("b.png", []), ("c.png", [[1, 0, 0, 40, 20]]), ("d.png", [[0, 5, 5, 9, 9]]),
    ]

    func path(_ form: String) throws -> String { try #require(folder).path + "/" + form }

    init() throws {
        let images = try Self.samples.enumerated().map { number, sample in
            AnnotatedImage(
                name: sample.name, payload: .encoded(try png(40, 20, UInt8(number))),
                annotation: .boxes(
                    sample.boxes.map {
                        BoundingBox(classID: Int($0[0]), left: $0[1] / 40, top: $0[2] / 20, right: $0[3] / 40, bottom: $0[4] / 20)
                    }), place: "made", statedSize: PixelSize(width: 40, height: 20))
        }
        for format in [DatasetFormat.boxes, .coco, .voc, .yolo, .recordio, .manifest] {
            let writer: any AnnotatedImageWriter
            let store = LocalStore(try path(format.rawValue))
            switch format {
            case .boxes: writer = try BoxFileWriter(store, classNames: Self.names)
            case .coco: writer = try COCOWriter(store, classNames: Self.names)
            case .voc: writer = try PascalVOCWriter(store, set: "train", classNames: Self.names)
            case .yolo: writer = try YOLOWriter(store, set: "train", classNames: Self.names)
            case .recordio: writer = try RecordIOImageWriter(store, name: "train", classNames: Self.names)
            default: writer = try ManifestWriter("train.manifest", in: store, task: .detection, classNames: Self.names)
            }
            for image in images { try writer.write(image) }
            try writer.finish()
        }
        // A list, as im2rec reads it.
        var list = ""
        for (number, sample) in Self.samples.enumerated() {
            let numbers = sample.boxes.flatMap { [$0[0], $0[1] / 40, $0[2] / 20, $0[3] / 40, $0[4] / 20] }
            list += (["\(number)", "2", "5"] + numbers.map { "\($0)" } + [sample.name]).joined(separator: "\t") + "\n"
            try #require(folder).write(try png(40, 20, UInt8(number)), to: "list/train/" + sample.name)
        }
        try #require(folder).write(list, to: "list/train.lst")
    }
}

@Suite("Channels of boxes", .timeLimit(.minutes(1)))
struct DetectionChannelTests {
    /// Class and edges in pixels of 40 × 20, picture by picture.
    private func boxes(_ records: [DetectionRecord]) -> [[[Double]]] {
        records.map { $0.boxes.map { [Double($0.classID), $0.left * 40, $0.top * 20, $0.right * 40, $0.bottom * 20] } }
    }

    private func records(_ source: DetectionSource) throws -> [DetectionRecord] {
        switch source {
        case .dataset(let dataset): return try (0..<dataset.count).map { try dataset.record(at: $0) }
        case .stream(let stream):
            let feed = stream.feed(bounds: .none, seed: 0)
            try feed.start(epochs: 0..<1)
            var records: [DetectionRecord] = []
            while let piece = try feed.take(3, waiting: true) {
                records += try piece.indices.map { try stream.record(feed.record(at: $0, epoch: 0)) }
                feed.release(piece.indices, epoch: 0)
                if piece.endsEpoch { break }
            }
            return records
        }
    }

    private func expectSamples(_ source: DetectionSource, _ form: String) throws {
        let found = boxes(try records(source))
        let truth = BoxForms.samples.map(\.boxes)
        #expect(found.count == truth.count && zip(found, truth).allSatisfy { close($0, $1, 1e-4) }, "\(form): \(found)")
    }

    @Test("JSON, COCO, Pascal VOC, YOLO, RecordIO, a manifest and a list of one data set give the same boxes")
    func everyForm() throws {
        let forms = try BoxForms()
        for form in [
            "boxes", "coco", "voc", "yolo", "recordio", "manifest", "list", "manifest/train.manifest", "recordio/train.rec",
            "list/train.lst",
        ] {
            for mode in [InputMode.file, .fastFile] {
                var channel = DetectionChannel(try forms.path(form))
                channel.mode = mode
                channel.classNames = BoxForms.names
                channel.classCount = 2
                channel.labelWidth = 12
                try expectSamples(channel.open(), "\(form) as \(mode)")
            }
        }
    }

    @Test("SageMaker's two channels, and a list with its images named apart")
    func apart() throws {
        let forms = try BoxForms()
        var channel = DetectionChannel(try forms.path("boxes/train"))
        channel.annotations = try forms.path("boxes/train_annotation")
        try expectSamples(channel.open(), "two channels")
        #expect(try channel.open().classNames == BoxForms.names)
        channel = DetectionChannel(try forms.path("list/train"))
        channel.list = try forms.path("list/train.lst")
        try expectSamples(channel.open(), "list")
    }

    @Test("RecordIO and a manifest as streams and through pipes")
    func streams() throws {
        let forms = try BoxForms()
        for form in ["recordio", "manifest"] {
            var channel = DetectionChannel(try forms.path(form))
            channel.mode = .pipe
            channel.classNames = BoxForms.names
            try expectSamples(channel.open(), "\(form) as a stream")
            let source = try SequentialChannel(.file(forms.path(form)), channel: "train", stores: Stores())
            let feeder = PipeFeeder(folder: try forms.path(""), channel: "pipe-\(form)", patience: PipePatience(seconds: 20))
            Thread.detachNewThread { _ = try? feeder.feed(number: 0) { try source.write(to: $0) } }
            channel.location = try forms.path("pipe-\(form)")
            if form == "manifest" { channel.attributeNames = ["source-ref", "bounding-box"] }
            try expectSamples(channel.open(), "\(form) through a pipe")
        }
        var unnamed = DetectionChannel(try forms.path("recordio"))
        unnamed.mode = .pipe
        #expect(message { _ = try unnamed.open() }.contains("set num_classes, or give class names"))
        #expect(message { _ = try unnamed.openDataset() }.contains("num_classes"))
    }

    @Test("Hosts share the pictures of a data set")
    func shards() throws {
        let forms = try BoxForms()
        let shares = try (0..<3).map { host in
            var channel = DetectionChannel(try forms.path("boxes"))
            channel.shard = try RecordShard(host: host, of: 3)
            return try boxes(records(channel.open()))
        }
        #expect(shares.map(\.count) == [2, 1, 1])
    }

    @Test("RecordIO files that are named for no half are parts of one data set; a wrong num_training_samples is an error")
    func parts() throws {
        let forms = try BoxForms()
        let store = LocalStore(try forms.path("parts"))
        let whole = try LocalStore(forms.path("recordio")).bytes(of: "train.rec")
        for name in ["part-0.rec", "part-1.rec"] {
            let sink = try store.create(name)
            try sink.write(whole)
            try sink.commit()
        }
        var channel = DetectionChannel(try forms.path("parts"))
        #expect(try channel.openDataset().count == 8)
        channel.shard = try RecordShard(host: 0, of: 2)
        channel.recordCount = 8
        #expect(try channel.openDataset().count == 4)
        channel.recordCount = 4
        #expect(message { _ = try channel.openDataset() }.contains("num_training_samples is 4 but there are 8 images"))
    }

    @Test("Folders without boxes say what is looked for")
    func nothing() throws {
        let folder = try TemporaryFolder()
        try folder.write(try png(4, 4), to: "cats/a.png")
        #expect(message { _ = try DetectionChannel(folder.path).open() }.contains("it holds no boxes"))
    }

    @Test("BCCD is counted as its description says", .enabled(if: SharedData.holds("bccd/train")))
    func bccd() throws {
        let dataset = try DetectionChannel(SharedData.path("bccd")).openDataset()
        #expect(dataset.count == 205 && dataset.histogram == [2381, 214, 209])
        var channel = DetectionChannel(SharedData.path("bccd/validation"))
        channel.annotations = SharedData.path("bccd/validation_annotation")
        #expect(try channel.openDataset().histogram == [967, 87, 83])
        #expect(try channel.openDataset().classNames == ["RBC", "WBC", "Platelets"])
    }
}

@Suite("Lists of boxes")
struct BoxListTests {
    private func list(_ text: String, _ pictures: [String] = ["a.jpg", "b.jpg"]) throws -> BoxList {
        let images = BucketInMemory(Dictionary(uniqueKeysWithValues: pictures.map { ($0, [UInt8(1)]) }))
        return try BoxList("train.lst", in: BucketInMemory(texts: ["train.lst": text]), images: images)
    }

    @Test("Headers and objects of any width; a line without objects shows nothing; -1 pads")
    func widths() throws {
        let list = try list("0\t4\t6\t640\t480\t1\t0.25\t0.5\t0.75\t1\t1\ta.jpg\n1\t2\t5\tb.jpg\n2\t2\t5\t-1\t-1\t-1\t-1\t-1\ta.jpg\r\n")
        #expect(list.count == 3)
        guard case .boxes(let boxes) = try list.record(at: 0).annotation else { return #expect(Bool(false)) }
        #expect(boxes == [BoundingBox(classID: 1, left: 0.25, top: 0.5, right: 0.75, bottom: 1, isDifficult: true)])
        #expect(try list.record(at: 0).name == "a.jpg" && list.record(at: 0).place.hasSuffix("train.lst:1"))
        #expect(try list.pixels(1, width: 1, height: 1).isEmpty && list.pixels(2, width: 1, height: 1).isEmpty)
    }

    @Test("A broken line is its record's error, and the others are read")
    func broken() throws {
        let list = try list(
            "0\t2\t5\t0\t0.1\t0.1\t0.2\t0.2\ta.jpg\n1\t2\t5\t0\tx\t0.1\t0.2\t0.2\tb.jpg\n2\t2\t5\t0\t0.1\t0.2\ta.jpg\n0\t2\t5\ta.jpg\n4\t2\t5\tc.jpg\n"
        )
        #expect(try list.pixels(0, width: 10, height: 10).count == 1)
        #expect(message { _ = try list.annotation(at: 1) }.contains("train.lst:2, column 5: 'x' is not a number"))
        #expect(message { _ = try list.annotation(at: 2) }.contains("train.lst:3"))
        #expect(message { _ = try list.annotation(at: 3) }.contains("index 0 was used on line 1 already"))
        #expect(message { _ = try list.record(at: 4) }.contains("the image 'c.jpg' is not in"))
        #expect(list.warnings.count == 1 && list.warnings[0].contains("3 of 5 lines are broken"))
    }

    @Test("Pixels where fractions should be are called by name, and so are lists of classes and empty ones")
    func noBoxes() {
        #expect(
            message { _ = try list("0\t2\t5\t0\t111\t134\t172\t262\ta.jpg\n") }.contains(
                "object 0 has an edge at 111.0; edges are fractions of width and height"))
        #expect(message { _ = try list("0\t1\ta.jpg\n") }.contains("header"))
        #expect(message { _ = try list("\n\n") }.contains("the list is empty"))
    }
}
