import Datasets
import Storage
import Testing

@Suite("Manifests in the data check")
struct CheckedManifestTests {
    private func report(_ folder: TemporaryFolder, _ channels: [String], _ change: (inout DataCheck.Settings) -> Void = { _ in }) throws
        -> DataReport
    {
        var settings = DataCheck.Settings()
        change(&settings)
        var check = DataCheck(settings)
        for name in channels {
            try check.check(name, at: name) { known in
                var channel = AnnotatedChannel(folder.path + "/\(name).manifest")
                (channel.channel, channel.labelFormat) = (name, .classID)
                return try CheckedChannel(channel).open(known)
            }
        }
        return check.report()
    }

    @Test("Class ids are vectors as wide as there are classes, which another half or num_classes may tell")
    func classIDs() throws {
        let folder = try TemporaryFolder()
        for (name, labels) in [("train", ["[0, 1]", "[2]", "[1, 2]"]), ("validation", ["[0]", "[1, 0]"])] {
            var text = ""
            for (number, label) in labels.enumerated() {
                try folder.write(png(8, 8, UInt8(number + 10 * name.count)), to: "\(name)\(number).png")
                text += #"{"source-ref": "\#(name)\#(number).png", "class": \#(label)}"# + "\n"
            }
            try folder.write(text, to: name + ".manifest")
        }
        let both = try report(folder, ["train", "validation"])
        #expect(both.count(.error) == 0)
        #expect(both.channels.map { $0.classes.map(\.items) } == [[1, 2, 2], [2, 1, 0]])
        let five = try report(folder, ["train"]) { $0.classCount = 5 }
        #expect(five.count(.error) == 0 && five.classNames.count == 5)
    }

    @Test("Two classes of one name, and a name that is another class's number, are names all the same")
    func names() throws {
        let folder = try TemporaryFolder()
        try folder.write(png(8, 8), to: "a.png")
        func images(_ map: String) throws -> any AnnotatedImages {
            let metadata = #"{"class-map": \#(map), "type": "groundtruth/object-detection"}"#
            let boxes = #"{"image_size": [{"width": 8, "height": 8}], "annotations": []}"#
            try folder.write(#"{"source-ref": "a.png", "b": \#(boxes), "b-metadata": \#(metadata)}"# + "\n", to: "t.manifest")
            return try AnnotatedChannel(folder.path + "/t.manifest").open()
        }
        let merged = try images(#"{"0": "cat", "1": "cat", "2": "dog"}"#)
        #expect(merged.classNames == ["cat", "cat (1)", "dog"])
        #expect(merged.warnings.contains("Classes 0 and 1 are both called 'cat'."))
        #expect(try DetectionDataset(merged).classNames.count == 3)
        let gap = try images(#"{"0": "1", "2": "3"}"#)
        #expect(gap.classNames == ["1", "1 (1)", "3"])
        #expect(try DetectionDataset(gap, classCount: 4).classNames == ["1", "1 (1)", "3", "3 (3)"])
    }

    @Test("label_width counts where it is given")
    func labelWidth() throws {
        let images = try SampleImages(
            boxes: (0..<70).map { (0, Double($0), 1, Double($0 + 1), 9) }, on: .pixels(sample(1, width: 100)),
            stated: PixelSize(width: 100, height: 10))
        #expect(try kinds(images, nil).isEmpty)
        #expect(try kinds(images, 350) == ["too-many-objects"])
        #expect(try kinds(images, 352).isEmpty)
    }

    private func kinds(_ images: SampleImages, _ width: Int?) throws -> [String] {
        var settings = DataCheck.Settings()
        settings.labelWidth = width
        var check = DataCheck(settings)
        try check.check(DataCheck.training, at: "train") { _ in images }
        return check.report().faults.map(\.kind.rawValue)
    }
}
