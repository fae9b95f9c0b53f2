import ArgumentParser
import Foundation
import Glibc
import Imaging
import Launch
import Reporting
import Torch
import Training

/// What every task's training takes besides its data.
struct TrainingOptions: ParsableArguments {
    @Option(help: ArgumentHelp("The run's folder: model, results, checkpoint.", valueName: "folder"), completion: .directory)
    var output: String

    @OptionGroup var hyperparameters: HyperparameterOptions

    @Option(help: ArgumentHelp("Train on from this model, with the same classes.", valueName: "model"), completion: .file())
    var model: String?

    @Option(
        help: ArgumentHelp("Start from these weights; what depends on the classes starts fresh.", valueName: "file"), completion: .file())
    var pretrained: String?

    @Flag(help: "Go on with the run in --output, or begin it where there is none.")
    var resume = false

    @Flag(help: "Replace the run in --output.")
    var overwrite = false

    @Option(help: ArgumentHelp("Save the state in long epochs, too, every n minutes; 0: only behind each.", valueName: "n"))
    var checkpointMinutes = RunSettings.standardCheckpointMinutes

    @OptionGroup var engine: EngineOptions

    @OptionGroup var ranks: RankOptions

    @Option(help: ArgumentHelp("Work on a mini-batch in n turns, in less memory; batch norm sees a turn at a time.", valueName: "n"))
    var accumulate = 1

    @Flag(help: "Batch statistics over all processes, as syncbn does for segmentation.")
    var syncBatchNorm = false

    @Option(help: ArgumentHelp("Threads that read images, in each process. (default: one a core but one, at most 8)", valueName: "n"))
    var workers: Int?

    @Option(help: ArgumentHelp("Leave out at most n images that can't be read.", valueName: "n"))
    var skipUnreadable = 0

    @Option(help: ArgumentHelp("Names for classes that come as numbers, with commas between.", valueName: "a,b,c"))
    var classNames: ClassNameList?

    @Flag(name: .customLong("tensorboard"), help: "Write every epoch's figures for TensorBoard, too, into the run's folder.")
    var tensorBoard = false

    @Flag(help: "Write one JSON object an event to standard output.")
    var json = false

    @Flag(name: .shortAndLong, help: "No progress; errors only.")
    var quiet = false

    @Flag(help: "Read data and settings, print them, train nothing.")
    var dryRun = false

    func validate() throws {
        if resume, overwrite { throw ValidationError("--resume and --overwrite contradict each other; give one of them.") }
        if model != nil, pretrained != nil {
            throw ValidationError("--model (all layers) and --pretrained (all but the last) contradict each other; give one of them.")
        }
        if ranks.gpus != nil, engine.device == "cpu" || engine.device.contains(":") {
            throw ValidationError("--gpus takes a GPU for each process, and --device \(engine.device) is another wish; give one of them.")
        }
        if let workers, !(1...256).contains(workers) { throw ValidationError("--workers is \(workers); it must be from 1 to 256.") }
        guard (1...65_536).contains(accumulate) else {
            throw ValidationError("--accumulate is \(accumulate); it must be from 1 to 65536.")
        }
        guard (0...100_000).contains(checkpointMinutes) else {
            throw ValidationError("--checkpoint-minutes is \(checkpointMinutes); it must be from 0 to 100000.")
        }
        guard skipUnreadable >= 0 else { throw ValidationError("--skip-unreadable is \(skipUnreadable); it must be 0 or more.") }
    }

    /// What to do about a run that lies in the output folder.
    var policy: ResumePolicy { resume ? .resume : overwrite ? .overwrite : .fresh }

    /// Trains, alone, as one of several processes or as their launcher, or says what would be trained.
    /// `pipes`: channels that come through FIFOs.
    func run<Job: RunnableJob>(pipes: [String], _ make: (RunSettings) throws -> Job) throws {
        if !dryRun, let status = try ranks.launch(pipes: pipes, check: checkOutput) {
            if status != 0 { throw Failure(sentence: nil, status: status) }
            return
        }
        Interruption.install(secondEnds: !LocalRanks.hasStarted(ProcessInfo.processInfo.environment))
        let placement = dryRun ? nil : try ranks.placement()
        if let placement, placement.localSize > 1, placement.launcher != .sightline, let pipe = pipes.first {
            throw Failure.usage(
                "\(pipe) comes through FIFOs, which only one process can read. Start the processes with --processes, which gives each a copy."
            )
        }
        if placement?.rank ?? 0 == 0 { try checkOutput() }
        var engine = engine
        // Its help says so, and a GPU is no place for several.
        if ranks.processes != nil, engine.device == "auto" { engine.device = "cpu" }
        let device = try engine.start(placement)
        let group = try placement.map { placement in
            try RankGroup(placement) { reason in
                // The first of each host says it for all.
                if placement.localRank == 0 { complain(reason) }
                _exit(1)
            }
        }
        do {
            try RankGroup.together(group) {
                let job = try make(settings(device, group))
                if dryRun { job.describe(asJSON: json) } else { try job.train() }
            }
        } catch {
            try end(because: error, isFirst: group?.isFirst ?? true, isQuiet: group?.isQuiet ?? false)
        }
    }

    /// Tells programs that read along why a run ends, and people where to go from an image that can't be read.
    private func end(because error: any Error, isFirst: Bool, isQuiet: Bool) throws -> Never {
        let sentence = (error as? Failure)?.sentence ?? "\(error)"
        let isStop = (error as? TrainingError)?.kind == .interrupted
        if json, isFirst, !isStop {
            TextOutput.standardOutput.write(JSONValue.members(["event": .string("failed"), "error": .string(sentence)]).line + "\n")
        }
        if isQuiet { throw Failure(sentence: nil, status: (error as? Failure)?.status ?? 1) }
        guard error is ImagingError, !dryRun else { throw error }
        throw Failure(
            sentence: sentence
                + " `sightline check` finds every such image at once; --skip-unreadable n leaves out up to n.", status: 1)
    }

    /// The run that the options ask for.
    private func settings(_ device: Device, _ group: RankGroup?) throws -> RunSettings {
        var settings = RunSettings(
            folder: RunFolder(output), hyperparameters: try hyperparameters.values(), policy: policy, device: device, ranks: group,
            turns: accumulate, sharesNormStatistics: syncBatchNorm, workers: workers ?? group?.workersOfEach,
            checkpointMinutes: checkpointMinutes, unreadableLimit: skipUnreadable, classNames: classNames?.names,
            showsDownloads: !quiet && group?.isFirst ?? true,
            listeners: listeners)
        settings.isDry = dryRun
        if let model { settings.start = .model(model) } else if let pretrained { settings.start = .weights(pretrained) }
        return settings
    }

    private func listeners(_ context: RunContext) -> RunListeners {
        let console = quiet ? nil : ConsoleProgress(.standardError, context: context)
        let progress = json ? JSONProgress(.standardOutput, context: context) : nil
        let note: (String) -> Void = { [quiet] note in if !quiet { TextOutput.standardError.write("note: \(note)\n") } }
        let events = tensorBoard ? TensorBoardEvents(RunFolder(output).tensorBoard, note: note) : nil
        let observers: [(any TrainingObserver)?] = [progress, console, events]
        return RunListeners(
            observers: observers.compactMap { $0 }, note: note,
            close: { console?.close() })
    }

    /// Refuses a folder that holds another run, before anything is read.
    private func checkOutput() throws { if policy == .fresh, !dryRun { try RunFolder(output).checkIsFree() } }
}

/// Which images a run validates on.
struct ValidationOptions: ParsableArguments {
    @Option(help: ArgumentHelp("Validation images: they pick the best epoch.", valueName: "path"), completion: .file())
    var validation: String?

    @Option(help: ArgumentHelp("The validation images' .lst.", valueName: "file"), completion: .file())
    var validationLst: String?

    @Option(help: ArgumentHelp("The share of the training images to hold out for validation.", valueName: "share"))
    var validationSplit: Double?

    func validate() throws {
        if validation != nil, validationSplit != nil {
            throw ValidationError("--validation and --validation-split contradict each other; give one of them.")
        }
        if validationLst != nil, validation == nil {
            throw ValidationError("--validation-lst needs --validation, the folder that its paths begin in.")
        }
        if let validationSplit, !(validationSplit > 0 && validationSplit < 1) {
            throw ValidationError("--validation-split is \(validationSplit); it must be between 0 and 1, such as 0.1.")
        }
    }

    /// What notes about the choice advise.
    static let advice = "--validation-split 0.1 helps."

    /// What was chosen. `channel`: that at the path of the validation images.
    func choice<Channel: RunChannel>(_ channel: (_ path: String) -> Channel) -> RunChannels<Channel>.Validation {
        if let validationSplit { return .share(validationSplit) }
        return validation.map { .channel(channel($0)) } ?? .absent
    }
}
