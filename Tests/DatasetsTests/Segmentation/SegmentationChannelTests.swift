import Foundation
import Imaging
import Storage
import Testing

@testable import Datasets

/// What tools leave beside annotations.
@Suite("Files among annotations that are none")
struct StrayAnnotationTests {
    @Test("JSON beside masks, and XML beside JSON, spoil nothing")
    func strays() throws {
        let data = try SegmentationFolder()
        try data.folder.write("{}", to: "train_annotation/readme.json")
        for task in [nil, VisionTask.segmentation] {
            var channel = AnnotatedChannel(data.folder.path + "/train")
            (channel.task, channel.annotations) = (task, data.folder.path + "/train_annotation")
            let images = try channel.open()
            #expect(images.task == .segmentation && images.count == 4)
        }
        let boxes = try TemporaryFolder()
        try boxes.write(png(8, 8), to: "train/a.png")
        try boxes.write("<annotation></annotation>", to: "train_annotation/a.xml")
        try boxes.write(#"{"image_size": [{"width": 8, "height": 8}], "annotations": []}"#, to: "train_annotation/a.json")
        var channel = AnnotatedChannel(boxes.path + "/train")
        (channel.task, channel.annotations) = (.detection, boxes.path + "/train_annotation")
        #expect(try channel.open().annotation(at: 0).task == .detection)
        #expect(try DetectionChannel(boxes.path).openDataset().count == 1)
    }

    @Test("A folder that is not there is told as such, whatever the task")
    func absent() {
        for task in VisionTask.allCases {
            var channel = AnnotatedChannel("/no/such/folder")
            channel.task = task
            #expect(message { _ = try channel.open() }.contains("/no/such/folder: there is no such file or folder"))
        }
    }
}

@Suite("Channels of masks", .timeLimit(.minutes(1)))
struct SegmentationChannelTests {
    private let data: SegmentationFolder
    private var root: String { data.folder.path }

    init() throws { data = try SegmentationFolder() }

    /// The class of each record's last pixel.
    private func classes(_ source: SegmentationSource) throws -> [UInt8?] {
        switch source {
        case .dataset(let dataset): return try (0..<dataset.count).map { try dataset.record(at: $0).decodedMask().classIDs.last }
        case .stream(let stream):
            let feed = stream.feed(bounds: .none, seed: 0)
            try feed.start(epochs: 0..<1)
            var classes: [UInt8?] = []
            while let piece = try feed.take(3, waiting: true) {
                classes += try piece.indices.map { try stream.record(feed.record(at: $0, epoch: 0)).decodedMask().classIDs.last }
                feed.release(piece.indices, epoch: 0)
                if piece.endsEpoch { break }
            }
            return classes
        }
    }

    private func manifest() throws -> String {
        let lines = (0..<4).map { number in
            let names = ##"{"internal-color-map":{"\##(number)":{"class-name":"c\##(number)","hex-color":"#ffffff"}}}"##
            return #"{"source-ref":"train/\#(number).jpg","mask-ref":"train_annotation/\#(number).png","mask-ref-metadata":\#(names)}"#
        }
        return try data.folder.write(lines.joined(separator: "\n") + "\n", to: "train.manifest")
    }

    @Test("Two folders, their parent, Pascal VOC's layout and a manifest give the same records")
    func forms() throws {
        var folders = SegmentationChannel(root + "/train")
        folders.annotations = root + "/train_annotation"
        #expect(try classes(folders.open()) == [0, 1, 2, 3])
        let manifest = try SegmentationChannel(manifest()).openDataset()
        #expect(try classes(.dataset(manifest)) == [0, 1, 2, 3] && manifest.classNames == ["c0", "c1", "c2", "c3"])
        let voc = try TemporaryFolder()
        for number in 0..<4 {
            for (from, to) in [
                ("train/\(number).jpg", "JPEGImages/\(number).jpg"), ("train_annotation/\(number).png", "SegmentationClass/\(number).png"),
            ] {
                try voc.write([UInt8](Data(contentsOf: URL(fileURLWithPath: root + "/" + from))), to: to)
            }
        }
        try voc.write("2\n0\n", to: "ImageSets/Segmentation/train.txt")
        #expect(try classes(SegmentationChannel(voc.path).open()) == [2, 0])
    }

    @Test("The label map of the channel's half applies to folders and manifests; key = class, value = pixel")
    func labelMap() throws {
        try data.folder.write(#"{"map": {"0": 3, "1": 2}}"#, to: "maps/train_label_map.json")
        var folders = SegmentationChannel(root + "/train")
        (folders.annotations, folders.labelMap) = (root + "/train_annotation", root + "/maps")
        var listed = SegmentationChannel(try manifest())
        listed.labelMap = root + "/maps"
        #expect(try classes(folders.open()) == [255, 255, 1, 0])
        #expect(try classes(listed.open()) == [255, 255, 1, 0])
        folders.channel = "validation"
        #expect(try classes(folders.open()) == [0, 1, 2, 3])
    }

    @Test("A manifest that names fewer classes than there are takes the other names from the model, or numbers")
    func fewerNames() throws {
        var channel = SegmentationChannel(try manifest())
        channel.classCount = 6
        #expect(try channel.openDataset().classNames == ["c0", "c1", "c2", "c3", "4", "5"])
        channel.classNames = ["c0", "c1", "c2", "c3", "wall", "door"]
        #expect(try channel.openDataset().classNames == channel.classNames)
        channel.classNames = ["c0", "c1", "c2", "roof", "wall", "door"]
        #expect(message { _ = try channel.openDataset() }.contains("missing: roof"))
    }

    @Test("Through a pipe come pictures and masks in turn")
    func pipe() throws {
        let source = try SequentialChannel(Location(manifest()), channel: "train", stores: Stores())
        let feeder = PipeFeeder(folder: root, channel: "pipe")
        Thread { _ = try? feeder.feed(number: 0) { try source.write(to: $0) } }.start()
        var channel = SegmentationChannel(root + "/pipe")
        (channel.mode, channel.attributeNames, channel.classCount) = (.pipe, ["source-ref", "mask-ref"], 4)
        #expect(try classes(channel.open()) == [0, 1, 2, 3])
        channel.classCount = nil
        #expect(message { _ = try channel.open() }.contains("num_classes: it is not given"))
        channel.attributeNames = nil
        #expect(message { _ = try channel.open() }.contains("--attribute-names source-ref,mask-ref"))
    }

    @Test("Shares are disjoint and complete; a stream is not a data set of which a part can be taken")
    func shares() throws {
        var channel = SegmentationChannel(root)
        channel.recordCount = 4
        let shares = try (0..<3).map { host in
            channel.shard = try RecordShard(host: host, of: 3)
            return try classes(channel.open())
        }
        #expect(shares.joined().compactMap { $0 }.sorted() == [0, 1, 2, 3])
        channel.recordCount = 5
        #expect(message { _ = try channel.open() }.contains("num_training_samples is 5 but there are 4 images"))
        var stream = SegmentationChannel(try manifest())
        (stream.mode, stream.classCount) = (.pipe, 4)
        #expect(message { _ = try stream.openDataset() }.contains("it is a stream"))
        #expect(try classes(stream.open()) == [0, 1, 2, 3])
    }

    @Test("Classes without masks, boxes and RecordIO are no data for segmentation, and say so")
    func otherTasks() throws {
        let folder = try TemporaryFolder()
        try folder.write(Image(width: 6, height: 4, filledWith: [9, 9, 9]).encodedJPEG(), to: "train/cat/1.jpg")
        #expect(message { _ = try SegmentationChannel(folder.path).open() }.contains("none of its 1 pictures"))
    }
}
