import ArgumentParser

/// `sightline train segmentation`.
struct TrainSegmentation: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "segmentation",
        abstract: "Trains a network that tells the class of every pixel: FCN, PSPNet, DeepLabV3.",
        discussion: """
            EXAMPLES
              sightline train segmentation --train camvid --validation camvid \\
                --output run -p backbone=resnet-18 -p num_classes=11 -p epochs=30
              sightline train segmentation --train s3://b/train --train-annotation \\
                s3://b/train_annotation --validation-split 0.1 --output run \\
                -p algorithm=deeplab -p num_classes=21 -p learning_rate=0.01
              sightline train segmentation --train photos --train-annotation \\
                instances.json --validation-split 0.1 --output run
              sightline train segmentation --train city.manifest --validation-split 0.1 \\
                --output run -p num_classes=19 --resume

            DATA
              SageMaker's folders: the one that holds train/ and train_annotation/, or
              --train-annotation; a JPEG or PNG and a mask (PNG) of the same base name.
              Pascal VOC's layout, and augmented manifests whose two attributes end in
              -ref. COCO's outlines (polygons and RLE) and YOLO's: class 0 is what lies in
              none, and where two classes overlap nothing is labelled. A folder that holds both splits is given to --train and
              to --validation. All of these may lie in a bucket: s3://bucket/prefix.

              A mask's values, or palette indices, are classes from 0; 255 is ignored, in
              loss and metrics. A label map says otherwise (--label-map). Names of
              classes come from classes.txt beside the data, a manifest or --class-names.

            \(HyperparameterHelp.segmentation)

            Ctrl-C saves the run's state after the step; --resume goes on from there as if
            nothing had happened.
            """)

    @Option(help: ArgumentHelp("Training images: a folder, a manifest or s3://…", valueName: "path"), completion: .file())
    var train: String

    @Option(
        help: ArgumentHelp("The training images' masks, if not beside them: a folder, or a COCO file.", valueName: "path"),
        completion: .file())
    var trainAnnotation: String?

    @OptionGroup var held: ValidationOptions

    @Option(help: ArgumentHelp("The validation images' masks: a folder, or a COCO file.", valueName: "path"), completion: .file())
    var validationAnnotation: String?

    @Option(
        help: ArgumentHelp(
            "The folder of train_label_map.json and validation_label_map.json, if not label_map/ beside the channels.", valueName: "folder")
    )
    var labelMap: String?

    @OptionGroup var channels: ChannelOptions

    @OptionGroup var training: TrainingOptions

    func validate() throws {
        if validationAnnotation != nil, held.validation == nil {
            throw ValidationError("--validation-annotation needs --validation, the images that it is about.")
        }
        if held.validationLst != nil {
            throw ValidationError("--validation-lst is for classification and detection; masks are found by name, or by a manifest.")
        }
    }

    func run() throws {
        try training.run(pipes: channels.pipes([train, held.validation])) { try SegmentationJob($0, runChannels()) }
    }
}
