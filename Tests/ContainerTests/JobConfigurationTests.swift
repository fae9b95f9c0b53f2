import Container
import Datasets
import Testing

/// The files' forms are those of `spec/container-contract.md`, "Training: files".
@Suite("A job's configuration")
struct JobConfigurationTests {
    @Test("Values are strings, JSON-encoded strings and JSON's own; the platform's names are kept")
    func hyperparameters() throws {
        let fixture = try ContainerFixture()
        try fixture.configure(
            "hyperparameters",
            #"{"epochs": "10", "optimizer": "\"sgd\"", "early_stopping": "True", "learning_rate": 0.1, "top_k": null, "x": true, "_tuning_objective_metric": "validation:mAP"}"#
        )
        #expect(
            try fixture.job().hyperparameters == [
                "epochs": "10", "optimizer": "sgd", "early_stopping": "True", "learning_rate": "0.1", "x": "1",
                "_tuning_objective_metric": "validation:mAP",
            ])
    }

    @Test("What the platform alone writes, and a channel that nobody reads, fail no job", arguments: ["null", "[]", "no", ""])
    func others(content: String) throws {
        let fixture = try ContainerFixture()
        try fixture.configure("hyperparameters", "{}")
        try fixture.configure("checkpointconfig", content)
        try fixture.configure("inputdataconfig", #"{"train": {}, "extra": {"ContentType": "text/csv", "TrainingInputMode": "None"}}"#)
        #expect(try fixture.job().channels["extra"] == ChannelConfiguration("extra"))
        #expect(try fixture.job().checkpoints == nil && fixture.job().tensorBoard == nil)
    }

    @Test("A channel says mode, content type with its label format, wrapper and distribution; all may be missing")
    func channels() throws {
        let fixture = try ContainerFixture()
        try fixture.configure(
            "inputdataconfig",
            #"""
            {"train": {"ContentType": "application/x-recordio; label-format=class-id", "TrainingInputMode": "Pipe",
              "S3DistributionType": "ShardedByS3Key", "RecordWrapperType": "RecordIO", "ShuffleConfig": {"Seed": 1}},
             "validation": {"TrainingInputMode": "FastFile", "RecordWrapperType": "None", "ContentType": "Image/JPEG"}, "test": {}}
            """#)
        let channels = try fixture.job().channels
        let train = try #require(channels["train"])
        #expect(train.mode == .pipe && train.contentType == "application/x-recordio" && train.labelFormat == .classID)
        #expect(train.isWrapped && train.isSharded)
        let validation = try #require(channels["validation"])
        #expect(validation.mode == .fastFile && validation.contentType == "image/jpeg" && !validation.isWrapped && !validation.isSharded)
        #expect(channels["test"] == ChannelConfiguration("test"))
    }

    @Test("Without the platform's files there is one host, channels are folders, and checkpoints are kept where there is room for them")
    func defaults() throws {
        let fixture = try ContainerFixture()
        try fixture.write("x", to: "input/data/train/a.jpg")
        let bare = try fixture.job()
        #expect(bare.host == "algo-1" && bare.hosts == ["algo-1"] && bare.checkpoints == nil)
        #expect(bare.channels == ["train": ChannelConfiguration("train")])
        try fixture.write("x", to: "checkpoints/.keep")
        #expect(try fixture.job().checkpoints == fixture.tree.root + "/checkpoints")
        try fixture.configure("checkpointconfig", #"{"LocalPath": "/opt/ml/state", "S3Uri": "s3://b/c"}"#)
        #expect(try fixture.job().checkpoints == fixture.tree.root + "/state")
        // Event files go where their folder is, or where the configuration says.
        try fixture.write("x", to: "output/tensorboard/.keep")
        #expect(try fixture.job().tensorBoard == fixture.tree.root + "/output/tensorboard")
        try fixture.configure("tensorboardoutputconfig", #"{"LocalPath": "/opt/ml/events", "S3OutputPath": "s3://b/c"}"#)
        #expect(try fixture.job().tensorBoard == fixture.tree.root + "/events")
        try fixture.configure(
            "resourceconfig", #"{"current_host": "algo-2", "hosts": ["algo-1", "algo-2"], "network_interface_name": "eth1"}"#)
        let two = try fixture.job()
        #expect(two.host == "algo-2" && two.hosts == ["algo-1", "algo-2"] && two.interface == "eth1")
    }

    @Test(
        "A file that is no JSON, nested or holds another type is named with its field",
        arguments: [
            ("hyperparameters", "{", "hyperparameters.json is no JSON"),
            ("hyperparameters", #"{"epochs": {"a": 1}}"#, "'epochs' is nested"),
            ("inputdataconfig", #"{"train": {"TrainingInputMode": 7}}"#, "'train.TrainingInputMode' has another type"),
            ("inputdataconfig", #"{"train": {"TrainingInputMode": "Tape"}}"#, "train.TrainingInputMode: it is 'Tape'"),
            ("inputdataconfig", #"{"train": {"RecordWrapperType": "TFRecord"}}"#, "train.RecordWrapperType: it is 'TFRecord'"),
            ("inputdataconfig", #"{"train": {"S3DistributionType": "Some"}}"#, "train.S3DistributionType: it is 'Some'"),
            ("inputdataconfig", #"{"train": {"ContentType": "application/x-recordio;label-format=words"}}"#, "label-format=multi-hot"),
            ("inputdataconfig", "[]", "inputdataconfig.json: the whole has another type"),
            ("resourceconfig", #"{"hosts": "algo-1"}"#, "'hosts' has another type"),
        ])
    func faults(name: String, text: String, words: String) throws {
        let fixture = try ContainerFixture()
        try fixture.configure(name, text)
        let error = #expect(throws: ContainerError.self) { try fixture.job() }
        #expect(error?.description.contains(words) == true, "\(String(describing: error))")
    }

    @Test("The root is an option's, the environment's or /opt/ml")
    func root() {
        #expect(ContainerTree(root: nil, environment: [:]).root == "/opt/ml")
        #expect(ContainerTree(root: nil, environment: ["SIGHTLINE_ROOT": "/a/"]).root == "/a")
        #expect(ContainerTree(root: "/b", environment: ["SIGHTLINE_ROOT": "/a"]).failure == "/b/output/failure")
        #expect(ContainerTree("/b").moved("/opt/mlx") == "/opt/mlx")
    }
}
