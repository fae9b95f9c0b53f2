import ArgumentParser
import Datasets
import Foundation
import Reporting
import Tasks
import Torch
import Training
import Weights

/// `sightline evaluate`.
struct Evaluate: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Scores a model on labelled images, each of them once.",
        discussion: """
            EXAMPLES
              sightline evaluate run --data photos/validation
              sightline evaluate run/model --data images --lst test.lst --json
              sightline evaluate cifar10_resnet20.safetensors --data cifar10/test_batch.bin
              sightline evaluate detector --data cells --annotation cells.json
              sightline evaluate segmenter --data camvid --flip
              sightline evaluate run --data photos/test --output scored
              sightline evaluate run --data photos/train --held-out --output scored

            The model is a run's folder, a model folder, or a file of weights. A detector
            is scored by Pascal VOC's mAP and COCO's; a segmentation model by mIOU, pixel
            accuracy and boundary F1, on whole images. --output writes report.html, one
            page with figures, curves and the worst mistakes as pictures; mistakes.csv,
            which lists them all; and the confusion matrix or precision–recall curves.
            Of streams and of crops there are no single mistakes.
            """)

    @Argument(help: "The model.", completion: .file())
    var model: String

    @Option(help: ArgumentHelp("Labelled images: a folder, a file or s3://…", valueName: "path"), completion: .file())
    var data: String

    @Option(help: ArgumentHelp("The images' .lst.", valueName: "file"), completion: .file())
    var lst: String?

    @Option(
        help: ArgumentHelp("The images' boxes or masks, if not beside them: a folder, or a COCO file.", valueName: "path"),
        completion: .file())
    var annotation: String?

    @Option(help: ArgumentHelp("Which part, where one folder holds several: train, validation, test.", valueName: "name"))
    var channel = "validation"

    @Flag(
        help: "Score the images that --validation-split held out of these data when the model, given as the run's folder, was trained.")
    var heldOut = false

    @Option(help: "Precision of products.")
    var precision = PredictionPrecision.float32

    @Option(
        help: ArgumentHelp(
            "Classifiers: also count images whose class is among the k most likely. (default: 5, of more classes)", valueName: "k"))
    var topK: Int?

    @Option(help: ArgumentHelp("Overlap (IoU) from which a detection is right. (default: the model's)", valueName: "IoU"))
    var overlap: Double?

    @Option(
        help: ArgumentHelp(
            "Images at a time. (default: 64; 8 for detectors; segmentation: whole images, or with 2 or more their crops)", valueName: "n"))
    var batchSize: Int?

    @Option(
        help: ArgumentHelp("Segmentation: the folder of label maps, if not beside the data.", valueName: "folder"), completion: .directory)
    var labelMap: String?

    @Option(help: ArgumentHelp("Leave out up to n images that can't be read.", valueName: "n"))
    var skipUnreadable = 0

    @Option(
        help: ArgumentHelp("The folder for a page with the figures and the worst mistakes, and for tables.", valueName: "folder"),
        completion: .directory)
    var output: String?

    @OptionGroup var manifest: ManifestOptions

    @OptionGroup var segmentation: SegmentationOptions

    @Option(help: ArgumentHelp("Names for the classes of weights that come without.", valueName: "a,b,c"))
    var classNames: ClassNameList?

    @OptionGroup var engine: EngineOptions

    @Flag(help: "Write one JSON object to standard output.")
    var json = false

    func validate() throws {
        guard skipUnreadable >= 0 else { throw ValidationError("--skip-unreadable is \(skipUnreadable); it must be 0 or more.") }
        if let topK, topK < 2 { throw ValidationError("--top-k is \(topK); it must be 2 or more.") }
        if let batchSize, batchSize < 1 { throw ValidationError("--batch-size is \(batchSize); it must be 1 or more.") }
        if let overlap, !(overlap > 0 && overlap <= 1) {
            throw ValidationError("--overlap is \(overlap); it must be above 0 and at most 1, such as 0.5.")
        }
    }

    func run() throws {
        let device = try engine.start()
        switch try VisionTask(ofModel: model) {
        case .detection:
            if topK != nil { throw Failure.usage("--top-k is for classifiers, and \(model) is a detector.") }
            try segmentation.refuse(for: model, "detector")
            try evaluateDetector(on: device)
        case .classification:
            try segmentation.refuse(for: model, "classifier")
            try evaluateClassifier(on: device)
        case .segmentation: try evaluateSegmentation(on: device)
        }
    }

    private func evaluateSegmentation(on device: Device) throws {
        if lst != nil || overlap != nil || topK != nil {
            throw Failure.usage("--lst, --overlap and --top-k are not for segmentation models, which \(model) is.")
        }
        let predictor = try SegmentationPredictor(
            model, classNames: classNames?.names, device: device, precision: precision.type, viewing: segmentation.viewing)
        var images = SegmentationChannel(data)
        (images.annotations, images.labelMap, images.channel) = (annotation, labelMap, part)
        (images.classNames, images.classCount) = (names(of: predictor.description), predictor.description.classes.count)
        images.mode = .fastFile
        images.attributeNames = manifest.attributes
        let source = try readable(chosen(images.open()))
        let folder = try folder(predictor.description, source.source)
        try report(source.warnings, count: source.count ?? 0) { progress, seconds in
            var scores: [SegmentationImageScore] = []
            let metrics = try predictor.evaluate(
                source, extent: batchSize.map { $0 > 1 ? .crops($0) : .whole } ?? .whole, progress: progress,
                scored: folder == nil ? nil : { scores.append($0) })
            let report = SegmentationReport(metrics, classes: source.classNames, seconds: seconds())
            return Scored(json ? report.json.line + "\n" : report.text) {
                // Of crops no single one is scored, and a stream can't be looked at again.
                guard case .dataset(let dataset) = source, !scores.isEmpty else { return try folder?.write(report) ?? () }
                try folder?.write(
                    report, mistakes: scores.csv(of: dataset),
                    gallery: PictureGallery(scores, of: dataset) { try predictor.predict($0, named: $1) })
            }
        }
    }

    private func evaluateClassifier(on device: Device) throws {
        if annotation != nil || overlap != nil || labelMap != nil {
            throw Failure.usage("--annotation, --overlap and --label-map are not for classifiers, which \(model) is.")
        }
        let predictor = try ClassificationPredictor(model, classNames: classNames?.names, device: device, precision: precision.type)
        let description = predictor.description
        var images = ClassificationChannel(data)
        images.list = lst
        guard try images.select(part) else {
            throw Failure.usage("--channel is '\(part)', and \(data) has no such part; it may be train, validation or test.")
        }
        (images.classNames, images.classCount) = (names(of: description), description.classes.count)
        (images.attributeNames, images.labelFormat) = (manifest.attributes, manifest.labelFormat)
        guard case .dataset(let dataset) = try readable(chosen(.dataset(images.openDataset()) as ClassificationSource)) else { return }
        if let output { try OutputFolder.refuse(output, inside: classFolders(dataset.classNames)) }
        let folder = try folder(description, dataset.source)
        try report(dataset.warnings, count: dataset.count) { progress, seconds in
            var mistakes: [ClassificationMistake] = []
            let metrics = try predictor.evaluate(
                dataset, batchSize: batchSize ?? 64, topK: description.multiLabel ? nil : topK ?? (description.classes.count > 5 ? 5 : nil),
                progress: progress, mistaken: folder == nil ? nil : { mistakes.append($0) })
            let report = EvaluationReport(metrics, classes: dataset.classNames, seconds: seconds())
            return Scored(json ? report.json.line + "\n" : report.text) {
                try folder?.write(report, mistakes: mistakes.csv(of: dataset), gallery: PictureGallery(mistakes, of: dataset))
            }
        }
    }

    private func evaluateDetector(on device: Device) throws {
        if labelMap != nil { throw Failure.usage("--label-map is for segmentation models, and \(model) is a detector.") }
        let predictor = try DetectionPredictor(model, classNames: classNames?.names, device: device, precision: precision.type)
        var images = DetectionChannel(data)
        (images.annotations, images.list, images.channel) = (annotation, lst, part)
        images.classNames = names(of: predictor.description)
        images.mode = .fastFile
        images.attributeNames = manifest.attributes
        let source = try readable(chosen(images.open()))
        let folder = try folder(predictor.description, source.source)
        try report(source.warnings, count: source.count ?? 0) { progress, seconds in
            var scores: [DetectionImageScore] = []
            var errors = DetectionErrors()
            let metrics = try predictor.evaluate(source, batchSize: batchSize ?? 8, overlap: overlap, progress: progress) { score in
                errors.add(score.errors)
                if folder != nil { scores.append(score) }
            }
            let report = DetectionReport(metrics, classes: source.classNames, seconds: seconds(), errors: errors)
            return Scored(json ? report.json.line + "\n" : report.text) {
                // A stream can't be looked at again.
                guard case .dataset(let dataset) = source else { return try folder?.write(report) ?? () }
                try folder?.write(report, mistakes: scores.csv(of: dataset), gallery: PictureGallery(scores, of: dataset))
            }
        }
    }

    /// Where the images lie in folders of classes, among which another folder would be one more.
    private func classFolders(_ classes: [String]) -> [String] {
        [data, "\(data)/\(part)"].filter { folder in
            lst == nil
                && classes.contains { name in
                    var isFolder: ObjCBool = false
                    return FileManager.default.fileExists(atPath: "\(folder)/\(name)", isDirectory: &isFolder) && isFolder.boolValue
                }
        }
    }

    /// The folder that was asked for; nil: none was.
    private func folder(_ description: ModelDescription, _ source: String) throws -> EvaluationOutput? {
        try output.map {
            try EvaluationOutput($0, network: description.network, task: VisionTask(rawValue: description.task)?.title, source: source)
        }
    }

    /// Which part of a folder that holds several.
    private var part: String { heldOut ? "train" : channel }

    /// The images that are scored: all, or those that the run has held out.
    private func chosen<Dataset, Stream>(_ source: ImageSource<Dataset, Stream>) throws -> ImageSource<Dataset, Stream> {
        guard heldOut else { return source }
        let settings = RunFolder(model).hyperparameters
        guard FileManager.default.fileExists(atPath: settings) else {
            throw Failure.usage("--held-out needs the run's folder, whose hyperparameters.json says what was held out; \(model) has none.")
        }
        let values = try HyperparameterFile.read(settings)
        guard let fraction = values[RunRecord.validationSplit].flatMap(Double.init) else {
            throw Failure.usage("--held-out: \(model) was trained without --validation-split.")
        }
        let (part, trained) = try source.heldOut(fraction: fraction, seed: UInt64(values["seed"] ?? "") ?? 0)
        if let count = values["num_training_samples"].flatMap({ Int($0) }), count != trained {
            throw Failure.usage(
                "--held-out: of \(data) \(Listing.count(trained)) images would have been trained on, and \(model) was trained on "
                    + "\(Listing.count(count)). Give the same data; of a run with --shard nobody knows what was held out.")
        }
        return part
    }

    private func readable<Dataset, Stream>(_ source: ImageSource<Dataset, Stream>) throws -> ImageSource<Dataset, Stream> {
        let (readable, leftOut) = try source.readable(leavingOut: skipUnreadable)
        tell(leftOut, of: readable.source)
        return readable
    }

    /// Says what is scored, for a typo in a path gives figures, too.
    private func tell(_ leftOut: [String], of source: String) {
        TextOutput.standardError.write("data: \(source)\n")
        for reason in leftOut { TextOutput.standardError.write("left out: \(reason)\n") }
    }

    /// The model's class names; nil where nobody named them, so that they take the data's.
    private func names(of description: ModelDescription) -> [String]? {
        description.classes != description.classes.indices.map(String.init) ? description.classes : nil
    }

    /// What was found, and what is to be written of it into a folder.
    private struct Scored {
        let text: String
        let write: () throws -> Void

        init(_ text: String, write: @escaping () throws -> Void) { (self.text, self.write) = (text, write) }
    }

    private func report(
        _ warnings: [String], count: Int, _ body: ((Int, Int?) throws -> Void, () -> Double) throws -> Scored
    ) throws {
        for warning in warnings { TextOutput.standardError.write("note: \(warning)\n") }
        let line = LiveLine(.standardError)
        defer { line.close() }
        let begin = ContinuousClock.now
        let scored = try body(
            { done, _ in line.show("\(Listing.count(done))/\(Listing.count(count)) images") },
            { begin.duration(to: .now) / .seconds(1) })
        line.close()
        TextOutput.standardOutput.write(scored.text)
        // Figures that took hours are not lost with a disk that is full.
        try scored.write()
    }
}
