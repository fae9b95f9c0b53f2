import Container
import Datasets
import Foundation
import Testing
import Weights

@Suite("A job's channels")
struct JobChannelTests {
    private let stop: @Sendable () -> Bool = { false }

    @Test("Classification takes the one list of its list channel; a pipe of wrapped records alternates picture and label")
    func classification() throws {
        let fixture = try ContainerFixture()
        for path in ["train/a.jpg", "train_lst/a.lst", "train_lst/notes.txt", "validation/b.jpg"] {
            try fixture.write("x", to: "input/data/" + path)
        }
        let halves = try fixture.job().classificationChannels(shouldStop: stop)
        #expect(halves.training.location == fixture.tree.channel("train"))
        #expect(halves.training.list == fixture.tree.channel("train_lst") + "/a.lst")
        #expect(halves.validation?.split == .validation && halves.validation?.list == nil)

        try fixture.configure(
            "inputdataconfig",
            #"{"train": {"TrainingInputMode": "Pipe", "RecordWrapperType": "RecordIO", "ContentType": "application/x-recordio;label-format=class-id"}}"#
        )
        let piped = try fixture.job().classificationChannels(shouldStop: stop)
        #expect(piped.training.mode == .pipe && piped.training.attributeNames?.count == 2 && piped.training.labelFormat == .classID)
        #expect(piped.validation == nil)

        try fixture.configure("inputdataconfig", #"{"train": {"TrainingInputMode": "Pipe", "ContentType": "application/x-recordio"}}"#)
        #expect(try fixture.job().classificationChannels(shouldStop: stop).training.attributeNames == nil)
    }

    @Test("Annotations and label maps are channels of their own; entries of neighbours in a channel are no part of it")
    func annotations() throws {
        let fixture = try ContainerFixture()
        for path in ["train/a.jpg", "train/train_annotation/a.png", "train_annotation/a.png", "label_map/train_label_map.json"] {
            try fixture.write("x", to: "input/data/" + path)
        }
        let segmentation = try fixture.job().segmentationChannels(shouldStop: stop).training
        #expect(segmentation.annotations == fixture.tree.channel("train_annotation"))
        #expect(segmentation.labelMap == fixture.tree.channel("label_map"))
        #expect(Set(segmentation.ignored) == ["train_annotation", "_annotation"])
        #expect(try fixture.job().detectionChannels(shouldStop: stop).training.channel == "train")
        #expect(try fixture.job().unusedChannels(of: .classification) == ["label_map", "train_annotation"])
    }

    @Test("A channel model is a folder, or its archive among other files")
    func model() throws {
        let fixture = try ContainerFixture()
        #expect(try fixture.job().startingModel() == nil)
        try fixture.write("x", to: "input/data/model/readme.txt")
        #expect(throws: ContainerError.self) { try fixture.job().startingModel() }
        try fixture.write("x", to: "input/data/model/model.tar.gz")
        try fixture.write("x", to: "input/data/model/other.tar.gz")
        #expect(try fixture.job().startingModel() == fixture.tree.channel("model") + "/model.tar.gz")
        try fixture.write("x", to: "input/data/model/model.safetensors")
        #expect(try fixture.job().startingModel() == fixture.tree.channel("model"))
    }

    @Test("A file is published whole over an older one, twice as well as once")
    func publish() throws {
        let fixture = try ContainerFixture()
        try fixture.write("old", to: "model/m")
        try fixture.write("new", to: "run/m")
        for _ in 0..<2 { try PublishedFile.place(fixture.tree.root + "/run/m", at: fixture.tree.model + "/m") }
        #expect(fixture.text("model/m") == "new")
        #expect(try FileManager.default.contentsOfDirectory(atPath: fixture.tree.model) == ["m"])
        // A writer that replaces its file leaves what was published as it is.
        try writeAtomically("newer", to: fixture.tree.root + "/run/m")
        #expect(fixture.text("model/m") == "new")
    }

    @Test("A reason says whose fault it is and is written whole")
    func reasons() throws {
        struct Oddity: Error {}
        let fixture = try ContainerFixture()
        let mistake = FailureReason(ContainerError(at: "x.json", "it is 7", remedy: "use 8"))
        #expect(mistake.description == "ClientError: x.json: it is 7; use 8")
        #expect(FailureReason(Oddity()).description.hasPrefix("AlgorithmError: "))
        try mistake.write(to: fixture.tree.failure)
        #expect(fixture.text("output/failure") == mistake.description)
    }
}
