import Storage
import Testing

@testable import Datasets

@Suite("Which of several files belong to a channel")
struct ChannelNameTests {
    @Test("The names that im2rec, COCO and shards have tell; the channel's own name beats a word in another")
    func chosen() {
        func files(_ channel: String, _ names: String...) -> [String] { ChannelName(channel).files(among: names) }
        #expect(files("train", "caltech-256-60-train.rec", "caltech-256-60-val.rec") == ["caltech-256-60-train.rec"])
        #expect(files("validation", "caltech-256-60-train.rec", "caltech-256-60-val.rec") == ["caltech-256-60-val.rec"])
        #expect(files("train", "d_train_0.rec", "d_train_1.rec", "d_val_0.rec") == ["d_train_0.rec", "d_train_1.rec"])
        #expect(files("train", "old-train.rec", "train.rec") == ["train.rec"])
        #expect(files("validation", "test.rec", "train.rec", "val.rec") == ["val.rec"])
        #expect(files("validation", "test.rec", "train.rec") == ["test.rec"])
        #expect(files("validation", "a/instances_train2017.json", "a/instances_val2017.json") == ["a/instances_val2017.json"])
        #expect(files("test", "a-test.rec", "a-train.rec") == ["a-test.rec"])
        // Neither half alone, and no word at all.
        #expect(files("train", "trainval-val.rec", "train-val.rec", "trains.rec").isEmpty)
    }

    @Test("Records that no name tells apart are parts of one data set; of others a choice is refused")
    func records() throws {
        let train = ChannelName("train")
        #expect(try train.records(among: ["b.rec", "a.rec", "a.idx"], at: "d") == ["a.rec", "b.rec"])
        #expect(try train.records(among: ["x-val.rec"], at: "d") == ["x-val.rec"])
        // A class of that name, and a word that all bear, tell nothing.
        #expect(try train.records(among: ["bus-0.rec", "train-0.rec"], at: "d") == ["bus-0.rec", "train-0.rec"])
        #expect(try train.records(among: ["crash-test_0.rec", "crash-test_1.rec"], at: "d").count == 2)
        #expect(try train.records(among: ["other.rec", "train.rec"], at: "d") == ["train.rec"])
        #expect(try train.records(among: ["x-train.rec", "x-val.rec"], at: "d") == ["x-train.rec"])
        #expect(message { _ = try train.records(among: ["x.rec", "x-val.rec"], at: "d") }.contains("several data sets (x-val.rec, x.rec)"))
        #expect(try train.only(of: ["one.lst"], at: "d") == "one.lst" && train.only(of: [], at: "d") == nil)
        #expect(try train.only(of: ["x-val.lst", "x-train.lst"], at: "d") == "x-train.lst")
        #expect(message { _ = try train.only(of: ["a.lst", "b.lst"], at: "d") }.contains("d: it holds several data sets"))
    }

    @Test("A folder of both halves under im2rec's names gives each its own, and two lists in a bucket are no guess")
    func folder() throws {
        let folder = try TemporaryFolder()
        for (name, labels) in [("caltech-train", [0, 1, 2]), ("caltech-val", [1])] {
            let writer = try RecordIOImageWriter(LocalStore(folder.path), name: name)
            for label in labels {
                try writer.write(
                    AnnotatedImage(name: "\(label).png", payload: .encoded(png(4, 4)), annotation: .label(.single(label)), place: ""))
            }
            try writer.finish()
        }
        for (split, count) in [(ClassificationSplit.training, 3), (.validation, 1)] {
            var channel = ClassificationChannel(folder.path)
            (channel.split, channel.classCount) = (split, 3)
            #expect(try channel.openDataset().count == count)
            var files = AnnotatedChannel(folder.path)
            (files.task, files.channel) = (.classification, split == .training ? "train" : "validation")
            #expect(try files.open().count == count)
        }
    }
}
