import ArgumentParser
import Reporting
import Training

/// What every task's training takes besides its data.
struct TrainingOptions: ParsableArguments {
    @Option(help: ArgumentHelp("The run's folder: model, results, checkpoint.", valueName: "folder"))
    var output: String

    @OptionGroup var hyperparameters: HyperparameterOptions

    @Option(help: ArgumentHelp("Train on from this model, with the same classes.", valueName: "model"))
    var model: String?

    @Option(help: ArgumentHelp("Start from these weights; what depends on the classes starts fresh.", valueName: "file"))
    var pretrained: String?

    @Flag(help: "Go on with the run in --output, or begin it where there is none.")
    var resume = false

    @Flag(help: "Replace the run in --output.")
    var overwrite = false

    @OptionGroup var engine: EngineOptions

    @Option(help: ArgumentHelp("Threads that read images. (default: one a core but one)", valueName: "n"))
    var workers: Int?

    @Option(help: ArgumentHelp("Leave out at most n images that can't be read.", valueName: "n"))
    var skipUnreadable = 0

    @Option(help: ArgumentHelp("Names for classes that come as numbers, with commas between.", valueName: "a,b,c"))
    var classNames: ClassNameList?

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
        if let workers, !(1...256).contains(workers) { throw ValidationError("--workers is \(workers); it must be from 1 to 256.") }
        guard skipUnreadable >= 0 else { throw ValidationError("--skip-unreadable is \(skipUnreadable); it must be 0 or more.") }
    }

    /// What to do about a run that lies in the output folder.
    var policy: ResumePolicy { resume ? .resume : overwrite ? .overwrite : .fresh }

    /// The run that the options ask for. Starts the engine.
    func settings() throws -> RunSettings {
        var settings = RunSettings(
            folder: RunFolder(output), hyperparameters: try hyperparameters.values(), policy: policy, device: try engine.start(),
            workers: workers, unreadableLimit: skipUnreadable, classNames: classNames?.names, showsDownloads: !quiet,
            listeners: listeners)
        if let model { settings.start = .model(model) } else if let pretrained { settings.start = .weights(pretrained) }
        return settings
    }

    private func listeners(_ context: RunContext) -> RunListeners {
        let console = quiet ? nil : ConsoleProgress(.standardError, context: context)
        let progress = json ? JSONProgress(.standardOutput, context: context) : nil
        let observers: [(any TrainingObserver)?] = [progress, console]
        return RunListeners(
            observers: observers.compactMap { $0 },
            note: { [quiet] note in if !quiet { TextOutput.standardError.write("note: \(note)\n") } },
            close: { console?.close() })
    }

    /// Refuses a folder that holds another run, before anything is read.
    func checkOutput() throws { if policy == .fresh, !dryRun { try RunFolder(output).checkIsFree() } }
}

/// Which images a run validates on.
struct ValidationOptions: ParsableArguments {
    @Option(help: ArgumentHelp("Validation images: they pick the best epoch.", valueName: "path"))
    var validation: String?

    @Option(help: ArgumentHelp("The validation images' .lst.", valueName: "file"))
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
