import ArgumentParser

/// `sightline train detection`.
struct TrainDetection: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "detection",
        abstract: "Trains a network that finds objects in images: SSD.",
        discussion: """
            EXAMPLES
              sightline train detection --train cells --validation cells --output run \\
                -p base_network=resnet-18 -p use_pretrained_model=1 -p epochs=30
              sightline train detection --train photos --train-annotation boxes.json \\
                --validation-split 0.1 --output run -p image_shape=512 -p mini_batch_size=8
              sightline train detection --train data/train.rec --validation data/val.rec \\
                --output run -p num_classes=20 -p label_width=420 --resume

            DATA
              SageMaker's images with a JSON of boxes each (the folder that holds train/
              and train_annotation/, or --train-annotation), RecordIO (.rec), an augmented
              manifest (.manifest, .jsonl), a list of boxes (--train-lst), COCO, Pascal
              VOC, YOLO. A folder that holds both splits is given to --train and
              to --validation. All of these may lie in a bucket: s3://bucket/prefix.

            \(HyperparameterHelp.detection)

            Ctrl-C saves the run's state after the step; --resume goes on from there as if
            nothing had happened.
            """)

    @Option(help: ArgumentHelp("Training images: a folder, a file or s3://…", valueName: "path"), completion: .file())
    var train: String

    @Option(help: ArgumentHelp("The training images' .lst.", valueName: "file"), completion: .file())
    var trainLst: String?

    @Option(
        help: ArgumentHelp("The training images' boxes, if not beside them: a folder, or a COCO file.", valueName: "path"),
        completion: .file())
    var trainAnnotation: String?

    @OptionGroup var held: ValidationOptions

    @Option(help: ArgumentHelp("The validation images' boxes.", valueName: "path"), completion: .file())
    var validationAnnotation: String?

    @OptionGroup var channels: ChannelOptions

    @OptionGroup var training: TrainingOptions

    func validate() throws {
        if validationAnnotation != nil, held.validation == nil {
            throw ValidationError("--validation-annotation needs --validation, the images that it is about.")
        }
    }

    func run() throws {
        try training.run(pipes: channels.pipes([train, held.validation])) { try DetectionJob($0, runChannels()) }
    }
}
