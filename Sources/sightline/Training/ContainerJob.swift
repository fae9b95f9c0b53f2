import Container
import Datasets
import Foundation
import Glibc
import Imaging
import Launch
import Reporting
import Storage
import Synchronization
import Torch
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
    /// The variable that says how many processes a host trains with.
    static let processesVariable = "SIGHTLINE_PROCESSES"
    /// The variable that says how many images that can't be read may be left out.
    static let unreadableVariable = "SIGHTLINE_SKIP_UNREADABLE"

    /// `task`: its name by an option; nil: `SIGHTLINE_TASK`, or told by the job.
    init(_ tree: ContainerTree, task: String?, engine: EngineOptions, workers: Int?) {
        self.tree = tree
        setting = task ?? ProcessInfo.processInfo.environment[JobConfiguration.taskVariable]
        (self.engine, self.workers) = (engine, workers)
    }

    /// Trains, leaves model, reports and, where it fails, the reason. Answers the exit status.
    func run() -> Int32 {
        do {
            if let found = try Placement.found(in: ProcessInfo.processInfo.environment) {
                if Self.speaks(found) { greet() }
                if found.localRank == 0, found.launcher != .sightline { forgetFailure() }
                return run(as: found)
            }
        } catch {
            return ended(
                by: error, ContractLog(.standardOutput, form: .classification, host: "algo-1", model: tree.model), checkpoints: nil)
        }
        greet()
        forgetFailure()
        return run(as: nil)
    }

    /// Whether a process that was started as one of several says what otherwise its launcher has said.
    private static func speaks(_ placement: Placement?) -> Bool {
        placement.map { $0.rank == 0 && $0.launcher != .sightline } ?? true
    }

    private func greet() {
        TextOutput.standardOutput.write("Docker entrypoint called with argument(s): train\n")
    }

    /// A reason of an earlier start is not this one's.
    private func forgetFailure() { try? FileManager.default.removeItem(atPath: tree.failure) }

    /// `started`: which process of several this is, where somebody has started them; nil: what the files say counts.
    private func run(as started: Placement?) -> Int32 {
        var log = ContractLog(.standardOutput, form: .classification, host: "algo-1", model: tree.model)
        var checkpoints: String?
        do {
            let job = try JobConfiguration(reading: tree)
            checkpoints = job.checkpoints
            let recognised = try job.task(setting: setting)
            log = ContractLog(.standardOutput, form: ContractLog.Form(recognised.task), host: job.host, model: tree.model)
            if Self.speaks(started) { tell(job, recognised, log) }
            // Its processes need not look again.
            setenv(JobConfiguration.taskVariable, recognised.task.rawValue, 1)
            if started == nil, let status = try launch(job, log) { return status }
            // The first process of a container has no default for signals: without this SIGTERM would go unheard.
            Interruption.install(secondEnds: !LocalRanks.hasStarted(ProcessInfo.processInfo.environment))
            try train(job, recognised.task, try started ?? hosts(of: job).placements.first { $0.size > 1 }, log)
            return 0
        } catch {
            return ended(by: error, log, checkpoints: checkpoints)
        }
    }

    // MARK: What the log says first

    private func tell(_ job: JobConfiguration, _ recognised: JobConfiguration.RecognisedTask, _ log: ContractLog) {
        log.info(
            "Reading provided configuration from \(tree.configuration("hyperparameters.json")): \(JSONValue.object(of: job.hyperparameters).line)"
        )
        log.info("Task: \(recognised.task.rawValue) (told by \(recognised.evidence))")
        for channel in job.channels.values.sorted(by: { $0.name < $1.name }) {
            log.info("Channel \(channel.name): \(channel.mode.rawValue) mode, \(channel.contentType ?? "content type not set")")
        }
        for name in job.unusedChannels(of: recognised.task) {
            log.warning("The channel '\(name)' is not used by \(recognised.task.rawValue).")
        }
        if job.checkpoints == nil { log.info("Checkpoint loading and saving are disabled.") }
    }

    // MARK: Processes

    /// The hosts of the job, and how many processes each has.
    private func hosts(of job: JobConfiguration) throws -> Hosts {
        // Where hosts share a network's ports, two jobs need two.
        let port = try Placement.port(in: ProcessInfo.processInfo.environment)
        return try Hosts(
            job.hosts, current: job.host, ranksPerHost: try processesOfHost(), port: port ?? Placement.standardPort,
            interface: job.interface, place: tree.configuration("resourceconfig.json") + ": hosts")
    }

    private func processesOfHost() throws -> Int {
        guard let text = ProcessInfo.processInfo.environment[Self.processesVariable], !text.isEmpty else {
            // A device with a number is one device.
            return engine.device == "cpu" || engine.device.contains(":") ? 1 : max(1, Device.cudaCount)
        }
        guard let count = Int(text), (1...4096).contains(count) else {
            throw LaunchError(.placement, at: Self.processesVariable, "it is '\(text)'", remedy: "set it to 1 to 4096, or not at all")
        }
        return count
    }

    /// Starts and supervises this host's processes, where there are to be several, and answers their status.
    private func launch(_ job: JobConfiguration, _ log: ContractLog) throws -> Int32? {
        let hosts = try hosts(of: job)
        guard hosts.ranksPerHost > 1 else { return nil }
        let all = try hosts.names.count > 1 ? hosts : .here(ranks: hosts.ranksPerHost, host: job.host)
        log.info("Processes: \(all.ranksPerHost) on this host, \(all.names.count * all.ranksPerHost) in all.")
        let told = Mutex<String?>(nil)
        var ranks = LocalRanks(all.placements)
        ranks.tell = { line in
            LocalRanks.tellStandardError(line)
            if line.hasPrefix(LocalRanks.errorPrefix) { told.withLock { $0 = String(line.dropFirst(LocalRanks.errorPrefix.count)) } }
        }
        let status = try ranks.run(copying: job.pipeChannels.map(tree.channel))
        // What a signal has ended could not say why, and the others only that it is gone.
        if ![0, Self.stopped].contains(status), status > 128 || !FileManager.default.fileExists(atPath: tree.failure) {
            let sentence = told.withLock { $0 } ?? "a process of this host has ended with status \(status) and gave no reason"
            try FailureReason(isClients: status == 128 + SIGKILL, sentence).write(to: tree.failure)
        }
        return status
    }

    // MARK: Training

    private func train(_ given: JobConfiguration, _ task: VisionTask, _ placement: Placement?, _ log: ContractLog) throws {
        var job = given
        job.pipes = ProcessInfo.processInfo.environment[LocalRanks.pipesVariable]
        let device = try engine.start(placement)
        let (failure, model, host) = (tree.failure, tree.model, job.host)
        let group = try placement.map {
            try RankGroup($0) { reason in
                let reason = FailureReason(TrainingError(.ranks, reason))
                ContractLog(.standardOutput, form: ContractLog.Form(task), host: host, model: model).error(reason.logLine)
                // What a process of this host has said of itself is better than what was heard of it.
                if !FileManager.default.fileExists(atPath: failure) { try? reason.write(to: failure) }
                _exit(1)
            }
        }
        try RankGroup.together(group) { try train(job, task, device, group, log) }
    }

    private func train(_ job: JobConfiguration, _ task: VisionTask, _ device: Device, _ ranks: RankGroup?, _ log: ContractLog) throws {
        let scratch = NSTemporaryDirectory() + "sightline-run-\(UUID().uuidString)"
        defer { try? FileManager.default.removeItem(atPath: scratch) }
        let folder = RunFolder(job.checkpoints ?? scratch)
        let publisher = ModelPublisher(folder, to: tree.model)
        do {
            var settings = try settings(job, folder, device, ranks, publisher, log)
            if let model = try job.startingModel() {
                log.info("Start training from the model in the model channel: \(model)")
                settings.start = .model(model)
                // The contract: ignored where there is a model to go on from.
                settings.hyperparameters["use_pretrained_model"] = "0"
            }
            let stop: @Sendable () -> Bool = { Interruption.isRequested }
            switch task {
            case .classification: try ClassificationJob(settings, channels(job, job.classificationChannels(shouldStop: stop))).train()
            case .detection: try DetectionJob(settings, channels(job, job.detectionChannels(shouldStop: stop))).train()
            case .segmentation: try SegmentationJob(settings, channels(job, job.segmentationChannels(shouldStop: stop))).train()
            }
        } catch let error as TrainingError where error.kind == .finished {
            guard ranks?.isFirst ?? true else { return }
            guard publisher.hasModel else { throw error }
            log.info("The run in \(folder.path) is finished; its model is taken as it is.")
        } catch let error as TrainingError where error.kind == .interrupted {
            if ranks?.isFirst ?? true {
                try publisher.publish()
                try publishReports(of: folder)
            }
            throw error
        }
        guard ranks?.isFirst ?? true else { return }
        try publisher.publish()
        try publishReports(of: folder)
    }

    private func channels<Channel: RunChannel>(
        _ job: JobConfiguration, _ halves: JobConfiguration.Halves<Channel>
    ) -> RunChannels<Channel> {
        var channels = RunChannels(
            training: halves.training, validation: halves.validation.map { .channel($0) } ?? .absent,
            advice: "Add a channel named validation, of other images.")
        channels.hostCount = job.hosts.count
        channels.delivered = (job.channels["train"]?.isSharded ?? false, job.channels["validation"]?.isSharded ?? false)
        return channels
    }

    private func settings(
        _ job: JobConfiguration, _ folder: RunFolder, _ device: Device, _ ranks: RankGroup?, _ publisher: ModelPublisher, _ log: ContractLog
    ) throws -> RunSettings {
        var settings = RunSettings(
            folder: folder, hyperparameters: job.hyperparameters, policy: .resume, device: device, ranks: ranks,
            workers: workers ?? ranks?.workersOfEach
        ) { context in
            log.info("Final configuration: \(JSONValue.object(of: context.hyperparameters).line)")
            log.info("Classes: \(context.classes.count); training data: \(context.trainingSource); start: \(context.start)")
            // The publisher comes first: a line about a saved model is true when it is written.
            let events = job.tensorBoard.map { TensorBoardEvents($0, note: log.warning) }
            return RunListeners(observers: [publisher, log] + [events].compactMap { $0 }, note: log.warning)
        }
        settings.keepsModelWhenInterrupted = true
        settings.unreadableLimit = try unreadableLimit()
        return settings
    }

    /// Images that can't be read and may be left out.
    private func unreadableLimit() throws -> Int {
        guard let text = ProcessInfo.processInfo.environment[Self.unreadableVariable], !text.isEmpty else { return 0 }
        guard let limit = Int(text), limit >= 0 else {
            throw ContainerError(
                at: Self.unreadableVariable, "it is '\(text)'", remedy: "set it to a number of images, or not at all")
        }
        return limit
    }

    /// Results, model card and tables go where the platform keeps everything but the model.
    private func publishReports(of folder: RunFolder) throws {
        let files = [folder.results, folder.hyperparameters, folder.card, folder.report, folder.confusionMatrix, folder.precisionRecall]
        for file in files where FileManager.default.fileExists(atPath: file) {
            try PublishedFile.place(file, at: tree.outputData + "/" + (file as NSString).lastPathComponent)
        }
    }

    // MARK: Ends

    private func ended(by error: any Error, _ log: ContractLog, checkpoints: String?) -> Int32 {
        // Also where another host was asked to: this one stops with it.
        let isAgreed = (error as? TrainingError)?.kind == .interrupted
        if Interruption.isRequested || isAgreed, Self.isStop(error) {
            log.info(
                "Stopped before the end. "
                    + (checkpoints.map { "Another container goes on from \($0)." } ?? "Without checkpoints only the model is kept."))
            return Self.stopped
        }
        let reason = Self.reason(error)
        log.error(reason.logLine)
        if let error = error as? TrainingError, error.kind == .ranks, FileManager.default.fileExists(atPath: tree.failure) { return 1 }
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
        case let error as LaunchError: error.kind == .cancelled
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
        case is ImagingError:
            FailureReason(
                isClients: true, "\(error) \(Self.unreadableVariable) says how many images that can't be read may be left out.")
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
