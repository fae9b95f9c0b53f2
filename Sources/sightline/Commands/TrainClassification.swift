import ArgumentParser

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
              or of MNIST's idx files. A folder that holds both splits is given to
              --train and to --validation. All of these may lie in a bucket:
              s3://bucket/prefix, with AWS_PROFILE or AWS_ACCESS_KEY_ID and so on.

            \(HyperparameterHelp.classification)

            Ctrl-C saves the run's state after the step; --resume goes on from there as if
            nothing had happened.
            """)

    @Option(help: ArgumentHelp("Training images: a folder, a file or s3://…", valueName: "path"), completion: .file())
    var train: String

    @Option(help: ArgumentHelp("The training images' .lst.", valueName: "file"), completion: .file())
    var trainLst: String?

    @OptionGroup var held: ValidationOptions

    @OptionGroup var channels: ChannelOptions

    @OptionGroup var training: TrainingOptions

    func run() throws {
        try OutputFolder.refuse(training.output, inside: [train, held.validation])
        try training.run(pipes: channels.pipes([train, held.validation])) { try ClassificationJob($0, runChannels()) }
    }
}
