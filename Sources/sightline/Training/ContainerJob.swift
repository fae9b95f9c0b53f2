import Container
import Datasets
import Foundation
import Reporting
import Storage
import Training
import Weights

/// A training job as a platform starts it: the same runs as the command line's, with another door.
struct ContainerJob {
    private let tree: ContainerTree
    private let setting: String?
    private let engine: EngineOptions
    private let workers: Int?

    /// The status of a job that was asked to stop and saved its state: 128 + SIGTERM, as of any program that the signal ended, so that
    /// nobody takes the job for done.
    static let stopped: Int32 = 143

    /// `task`: its name by an option; nil: `SIGHTLINE_TASK`, or told by the job.
    init(_ tree: ContainerTree, task: String?, engine: EngineOptions, workers: Int?) {
        self.tree = tree
        setting = task ?? ProcessInfo.processInfo.environment[JobConfiguration.taskVariable]
        (self.engine, self.workers) = (engine, workers)
    }

    /// Trains, leaves model, reports and, where it fails, the reason. Answers the exit status.
    func run() -> Int32 {
        TextOutput.standardOutput.write("Docker entrypoint called with argument(s): train\n")
        // A reason of an earlier start is not this one's.
        try? FileManager.default.removeItem(atPath: tree.failure)
        var log = ContractLog(.standardOutput, form: .classification, host: "algo-1", model: tree.model)
        var checkpoints: String?
        do {
            let job = try JobConfiguration(reading: tree)
            checkpoints = job.checkpoints
            let recognised = try job.task(setting: setting)
            log = ContractLog(.standardOutput, form: ContractLog.Form(recognised.task), host: job.host, model: tree.model)
            tell(job, recognised, log)
            try job.requireOneHost()
            try train(job, recognised.task, log)
            return 0
        } catch {
            return ended(by: error, log, checkpoints: checkpoints)
        }
    }

    // MARK: What the log says first

    private func tell(_ job: JobConfiguration, _ recognised: JobConfiguration.RecognisedTask, _ log: ContractLog) {
        let values = job.hyperparameters.sorted { $0.key < $1.key }.map { (name: $0.key, value: JSONValue.string($0.value)) }
        log.info(
            "Reading provided configuration from \(tree.configuration("hyperparameters.json")): \(JSONValue.object(of: values).line)")
        log.info("Task: \(recognised.task.rawValue) (told by \(recognised.evidence))")
        for channel in job.channels.values.sorted(by: { $0.name < $1.name }) {
            log.info("Channel \(channel.name): \(channel.mode.rawValue) mode, \(channel.contentType ?? "content type not set")")
        }
        for name in job.unusedChannels(of: recognised.task) {
            log.warning("The channel '\(name)' is not used by \(recognised.task.rawValue).")
        }
        if job.checkpoints == nil { log.info("Checkpoint loading and saving are disabled.") }
    }

    // MARK: Training

    private func train(_ job: JobConfiguration, _ task: VisionTask, _ log: ContractLog) throws {
        let scratch = NSTemporaryDirectory() + "sightline-run-\(UUID().uuidString)"
        defer { try? FileManager.default.removeItem(atPath: scratch) }
        let folder = RunFolder(job.checkpoints ?? scratch)
        let publisher = ModelPublisher(folder, to: tree.model)
        do {
            var settings = try settings(job, folder, publisher, log)
            if let model = try job.startingModel() {
                log.info("Start training from the model in the model channel: \(model)")
                settings.start = .model(model)
                // The contract: ignored where there is a model to go on from.
                settings.hyperparameters["use_pretrained_model"] = "0"
            }
            let stop: @Sendable () -> Bool = { Interruption.isRequested }
            switch task {
            case .classification: try ClassificationJob(settings, channels(job.classificationChannels(shouldStop: stop))).train()
            case .detection: try DetectionJob(settings, channels(job.detectionChannels(shouldStop: stop))).train()
            case .segmentation: try SegmentationJob(settings, channels(job.segmentationChannels(shouldStop: stop))).train()
            }
        } catch let error as TrainingError where error.kind == .finished {
            guard publisher.hasModel else { throw error }
            log.info("The run in \(folder.path) is finished; its model is taken as it is.")
        } catch let error as TrainingError where error.kind == .interrupted {
            try publisher.publish()
            throw error
        }
        try publisher.publish()
        try publishReports(of: folder)
    }

    private func channels<Channel: RunChannel>(_ halves: JobConfiguration.Halves<Channel>) -> RunChannels<Channel> {
        RunChannels(
            training: halves.training, validation: halves.validation.map { .channel($0) } ?? .absent,
            advice: "Add a channel named validation, of other images.")
    }

    private func settings(
        _ job: JobConfiguration, _ folder: RunFolder, _ publisher: ModelPublisher, _ log: ContractLog
    ) throws -> RunSettings {
        var settings = RunSettings(
            folder: folder, hyperparameters: job.hyperparameters, policy: .resume, device: try engine.start(), workers: workers
        ) { context in
            let values = context.hyperparameters.sorted { $0.key < $1.key }.map { (name: $0.key, value: JSONValue.string($0.value)) }
            log.info("Final configuration: \(JSONValue.object(of: values).line)")
            log.info("Classes: \(context.classes.count); training data: \(context.trainingSource); start: \(context.start)")
            // The publisher comes first: a line about a saved model is true when it is written.
            return RunListeners(observers: [publisher, log], note: log.warning)
        }
        settings.keepsModelWhenInterrupted = true
        return settings
    }

    /// Results, model card and tables go where the platform keeps everything but the model.
    private func publishReports(of folder: RunFolder) throws {
        let files = [folder.results, folder.hyperparameters, folder.card, folder.confusionMatrix, folder.precisionRecall]
        for file in files where FileManager.default.fileExists(atPath: file) {
            try PublishedFile.place(file, at: tree.outputData + "/" + (file as NSString).lastPathComponent)
        }
    }

    // MARK: Ends

    private func ended(by error: any Error, _ log: ContractLog, checkpoints: String?) -> Int32 {
        if Interruption.isRequested, Self.isStop(error) {
            log.info(
                "Stopped before the end. "
                    + (checkpoints.map { "Another container goes on from \($0)." } ?? "Without checkpoints only the model is kept."))
            return Self.stopped
        }
        let reason = Self.reason(error)
        log.error(reason.logLine)
        do {
            try reason.write(to: tree.failure)
        } catch {
            log.error("\(tree.failure) cannot be written: \(error)")
        }
        return 1
    }

    /// Whether an error only says that somebody asked to stop.
    private static func isStop(_ error: any Error) -> Bool {
        switch error {
        case let error as TrainingError: error.kind == .interrupted
        case let error as StorageError: error.kind == .cancelled
        case let error as DatasetError: error.kind == .cancelled
        case let error as WeightsError: error.kind == .cancelled
        default: false
        }
    }

    private static func reason(_ error: any Error) -> FailureReason {
        switch error {
        // Wrong settings: the command's own kind of error.
        case let failure as Failure: FailureReason(isClients: true, failure.sentence ?? "the settings are wrong")
        case let error as TrainingError where [.runFolder, .finished].contains(error.kind):
            FailureReason(
                isClients: true,
                "\(error) In a training job: give CheckpointConfig a LocalPath or an S3Uri that holds nothing of another job.")
        default: FailureReason(error)
        }
    }
}

extension ContractLog.Form {
    fileprivate init(_ task: VisionTask) {
        self =
            switch task {
            case .classification: .classification
            case .detection: .detection
            case .segmentation: .segmentation
            }
    }
}
