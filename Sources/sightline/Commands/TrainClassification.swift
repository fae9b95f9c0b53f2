import ArgumentParser
import Training

/// `sightline train classification`.
struct TrainClassification: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "classification",
        abstract: "Trains a network that says what an image shows.",
        discussion: """
            EXAMPLES
              sightline train classification --train photos --validation-split 0.1 \\
                --output run -p num_layers=18 -p use_pretrained_model=1 -p epochs=10
              sightline train classification --train cifar10 --validation cifar10 \\
                --output run -p num_layers=20 -p augmentation_type=crop \\
                -p mini_batch_size=128 -p lr_scheduler_step=10,13 -p epochs=15
              sightline train classification --train photos --validation-split 0.1 \\
                --output run -p num_layers=18 -p epochs=20 --resume

            DATA
              A folder with one folder of JPEG or PNG images a class; a folder of images
              and a list (--train-lst: index, label, path, with tabs between); RecordIO
              (.rec); an augmented manifest (.manifest, .jsonl); a folder of CIFAR's .bin
              or of MNIST's idx files. Where one folder holds both halves, give it to
              --train and to --validation. All of these may lie in a bucket:
              s3://bucket/prefix, with AWS_PROFILE or AWS_ACCESS_KEY_ID and so on.

            \(HyperparameterHelp.classification)

            Ctrl-C saves the run's state after the step; --resume goes on from there as if
            nothing had happened.
            """)

    @Option(help: ArgumentHelp("Training images: a folder, a file or s3://…", valueName: "path"))
    var train: String

    @Option(help: ArgumentHelp("The training images' .lst.", valueName: "file"))
    var trainLst: String?

    @Option(help: ArgumentHelp("Validation images: they pick the best epoch.", valueName: "path"))
    var validation: String?

    @Option(help: ArgumentHelp("The validation images' .lst.", valueName: "file"))
    var validationLst: String?

    @Option(help: ArgumentHelp("The share of the training images to hold out for validation.", valueName: "share"))
    var validationSplit: Double?

    @Option(help: ArgumentHelp("The run's folder: model, results, checkpoint.", valueName: "folder"))
    var output: String

    @OptionGroup var channels: ChannelOptions

    @OptionGroup var hyperparameters: HyperparameterOptions

    @Option(help: ArgumentHelp("Train on from this model, with the same classes.", valueName: "model"))
    var model: String?

    @Option(help: ArgumentHelp("Start from these weights, with a fresh last layer.", valueName: "file"))
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
        if validation != nil, validationSplit != nil {
            throw ValidationError("--validation and --validation-split contradict each other; give one of them.")
        }
        if validationLst != nil, validation == nil {
            throw ValidationError("--validation-lst needs --validation, the folder that its paths begin in.")
        }
        if let validationSplit, !(validationSplit > 0 && validationSplit < 1) {
            throw ValidationError("--validation-split is \(validationSplit); it must be between 0 and 1, such as 0.1.")
        }
        if model != nil, pretrained != nil {
            throw ValidationError("--model (all layers) and --pretrained (all but the last) contradict each other; give one of them.")
        }
        if let workers, !(1...256).contains(workers) { throw ValidationError("--workers is \(workers); it must be from 1 to 256.") }
        guard skipUnreadable >= 0 else { throw ValidationError("--skip-unreadable is \(skipUnreadable); it must be 0 or more.") }
    }

    /// What to do about a run that lies in the output folder.
    var policy: ResumePolicy { resume ? .resume : overwrite ? .overwrite : .fresh }

    func run() throws {
        Interruption.install()
        if policy == .fresh, !dryRun { try RunFolder(output).checkIsFree() }
        let job = try ClassificationJob(self)
        if dryRun { job.describe(asJSON: json) } else { try job.train(self) }
    }
}
