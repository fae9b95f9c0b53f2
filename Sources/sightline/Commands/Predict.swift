import ArgumentParser
import Datasets
import Reporting
import Tasks
import Torch
import Weights

/// `sightline predict`.
struct Predict: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Says what images show.",
        discussion: """
            EXAMPLES
              sightline predict run cat.jpg dog.jpg
              sightline predict run photos --json > predictions.jsonl
              sightline predict detector photos --output drawn --threshold 0.4
              sightline predict segmenter street.jpg --output masks --flip
              sightline predict run cifar10/test_batch.bin --record 17

            Folders are searched for JPEG and PNG files. An image that can't be read is
            reported (in JSON with its "error"), the others go on, and the exit status
            is 1.

            A detector names each object with its score and its box in pixels; --output
            draws them into copies of the images. JSON holds rows of class number, score,
            left, top, right and bottom, the last four as fractions of the image's sides.

            A segmentation model tells the share of the image's pixels that each class
            has. --output writes a mask (PNG; its palette's indices are the classes) and
            an overlay of each image. Large images are looked at through windows.
            """)

    @Argument(help: "The model: a run's folder, a model folder, or a file of weights.", completion: .file())
    var model: String

    @Argument(help: ArgumentHelp("Images, or folders of them.", valueName: "image"), completion: .file())
    var images: [String]

    @Option(help: ArgumentHelp("Take the image to be a data set and predict its n-th record, from 0; may be repeated.", valueName: "n"))
    var record: [Int] = []

    @Option(help: ArgumentHelp("Classifiers: classes to print, the likeliest first. (default: 5)", valueName: "n"))
    var top: Int?

    @Option(
        help: ArgumentHelp(
            "Detectors: scores must exceed it. (default: where training's validation had the best F1, else 0.5; 0.01 with --json alone)",
            valueName: "score"))
    var threshold: Double?

    @Option(
        help: ArgumentHelp("Detectors, segmentation: the folder for images with what was found drawn in, and masks.", valueName: "folder"),
        completion: .directory)
    var output: String?

    @Option(help: "Precision of products.")
    var precision = PredictionPrecision.float32

    @Option(help: ArgumentHelp("Names for the classes of weights that come without.", valueName: "a,b,c"))
    var classNames: ClassNameList?

    @OptionGroup var segmentation: SegmentationOptions

    @OptionGroup var engine: EngineOptions

    @Flag(help: "Write one JSON object an image to standard output; a classifier's has all probabilities.")
    var json = false

    func validate() throws {
        if let top, top < 1 { throw ValidationError("--top is \(top); it must be 1 or more.") }
        if let threshold, !(0...1).contains(threshold) {
            throw ValidationError("--threshold is \(threshold); it must be from 0 to 1.")
        }
        guard !images.isEmpty else { throw ValidationError("There is no image. Give files or folders.") }
        if !record.isEmpty, images.count != 1 {
            throw ValidationError("--record needs one data set, and \(images.count) paths are given.")
        }
    }

    func run() throws {
        let device = try engine.start()
        switch try VisionTask(ofModel: model) {
        case .detection:
            if top != nil { throw Failure.usage("--top is for classifiers, and \(model) is a detector.") }
            try segmentation.refuse(for: model, "detector")
            try detect(on: device)
        case .classification:
            try segmentation.refuse(for: model, "classifier")
            try classify(on: device)
        case .segmentation: try segment(on: device)
        }
    }

    private func segment(on device: Device) throws {
        if threshold != nil || top != nil {
            throw Failure.usage("--threshold is for detectors, --top for classifiers, and \(model) is a segmentation model.")
        }
        let predictor = try SegmentationPredictor(
            model, classNames: classNames?.names, device: device, precision: precision.type, viewing: segmentation.viewing)
        let classes = predictor.description.classes
        let printer = SegmentationPrinter(classes: classes, asJSON: json)
        if let output { try OutputFolder.prepare(output, besides: record.isEmpty ? images : []) }
        let files = try output.map { try MaskFiles(folder: $0, classes: classes) }
        func predict(_ payload: ImagePayload, named name: String, drawnAs own: String) throws {
            let (mask, image) = try predictor.predict(payload, named: name)
            printer.print(mask, of: name, files: try files?.write(mask, on: image, named: own))
        }
        var attempts = Attempts(asJSON: json)
        if record.isEmpty {
            attempts.each(images, besides: output) { file, name in try predict(.file(file), named: file, drawnAs: name) }
        } else {
            var channel = SegmentationChannel(images[0])
            (channel.channel, channel.mode, channel.classNames) = ("validation", .fastFile, classes)
            let dataset = try channel.openDataset()
            for index in record {
                attempts.attempt("\(images[0]), record \(index)") {
                    let record = try dataset.record(at: index)
                    try predict(record.payload, named: record.id, drawnAs: OutputNames.last(of: record.id))
                }
            }
        }
        try attempts.finish()
    }

    private func classify(on device: Device) throws {
        if output != nil { throw Failure.usage("--output is for detectors and segmentation models, and \(model) is a classifier.") }
        if threshold != nil { throw Failure.usage("--threshold is for detectors, and \(model) is a classifier.") }
        let predictor = try ClassificationPredictor(model, classNames: classNames?.names, device: device, precision: precision.type)
        let printer = PredictionPrinter(classes: predictor.description.classes, top: top ?? 5, asJSON: json)
        var attempts = Attempts(asJSON: json)
        if record.isEmpty {
            attempts.each(images) { file, _ in printer.print(try predictor.predict(.file(file), named: file), of: file) }
        } else {
            let dataset = try ClassificationDataset(channel: images[0], split: .validation, classNames: predictor.description.classes)
            for index in record {
                attempts.attempt("\(images[0]), record \(index)") {
                    let record = try dataset.record(at: index)
                    printer.print(try predictor.predict(record.payload, named: record.id), of: record.id, label: record.label)
                }
            }
        }
        try attempts.finish()
    }

    private func detect(on device: Device) throws {
        let predictor = try DetectionPredictor(model, classNames: classNames?.names, device: device, precision: precision.type)
        let classes = predictor.description.classes
        let printer = DetectionPrinter(classes: classes, asJSON: json)
        if let output { try OutputFolder.prepare(output, besides: record.isEmpty ? images : []) }
        let drawing = try output.map { try DrawnImages(folder: $0, classes: classes) }
        let least = threshold ?? (json && output == nil ? 0.01 : predictor.description.metrics[OperatingPoint.metric] ?? 0.5)
        var attempts = Attempts(asJSON: json)
        if record.isEmpty {
            attempts.each(images, besides: output) { file, name in
                let found = try predictor.predict(.file(file), named: file, threshold: least)
                let drawn = try drawing?.write(found.detections, of: .file(file), named: name)
                printer.print(found.detections, size: found.size, of: file, drawn: drawn)
            }
        } else {
            var channel = DetectionChannel(images[0])
            (channel.channel, channel.mode, channel.classNames) = ("validation", .fastFile, classes)
            let dataset = try channel.openDataset()
            for index in record {
                attempts.attempt("\(images[0]), record \(index)") {
                    let record = try dataset.record(at: index)
                    let found = try predictor.predict(record.payload, named: record.id, threshold: least)
                    let drawn = try drawing?.write(found.detections, of: record.payload, named: OutputNames.last(of: record.id))
                    printer.print(found.detections, size: found.size, of: record.id, drawn: drawn)
                }
            }
        }
        try attempts.finish()
    }
}
