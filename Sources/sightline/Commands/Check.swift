import ArgumentParser
import Datasets
import Foundation
import Reporting
import Storage
import Training

/// `sightline check`.
struct Check: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Reads all of a data set and reports everything that is wrong with it.",
        discussion: """
            EXAMPLES
              sightline check --train photos/train --validation photos/validation
              sightline check --train photos --train-lst train.lst -p num_classes=6 --json
              sightline check segmentation --train camvid --validation camvid
              sightline check segmentation --train coco (its outlines; else its boxes)
              sightline check --train cells/train --train-annotation cells/train_annotation
              sightline check --train photos --output checked

            DATA
              Whatever training reads, as a folder, a file or s3://…: class folders, an
              image list (.lst), RecordIO, an augmented manifest, CIFAR and IDX files,
              masks or boxes in train_annotation/ beside train/ (give the folder that
              holds both, or --train-annotation), COCO, Pascal VOC and YOLO. What they are
              for, their content tells; the task may be given where it leaves a choice.

            ERRORS (training would stop, or learn something wrong)
              pictures that are missing, empty, damaged or cut off, or no JPEG or PNG;
              annotations that are missing or broken, labels and classes that there are
              not; boxes without area, or more than a pixel outside their picture; a
              stated size or a mask that is not the picture's; masks in colours or of 16
              bits; num_classes and num_training_samples that differ from the data, a
              label_width that is too small for them.

            WARNINGS
              one picture twice, with one annotation or two; training pictures in the
              validation set (the decoded pixels count, not the file); masks without a
              class; classes that no picture has, or 20 times fewer than another; sides
              below 8 pixels, strips of more than 10 to 1, more than 64 million pixels;
              what the reader left out.

            Exit status: 0 no errors, 1 errors (with --strict: or warnings), 2 used
            wrongly.
            """)

    @Argument(help: ArgumentHelp("classification, detection or segmentation. (default: told by the data)", valueName: "task"))
    var task: VisionTask?

    @Option(help: ArgumentHelp("Training data: a folder, a file or s3://…", valueName: "path"), completion: .file())
    var train: String

    @Option(help: ArgumentHelp("The training images' .lst.", valueName: "file"), completion: .file())
    var trainLst: String?

    @Option(
        help: ArgumentHelp("Their masks or boxes, if not beside them: a folder, or a COCO file.", valueName: "path"), completion: .file())
    var trainAnnotation: String?

    @Option(help: ArgumentHelp("Validation data.", valueName: "path"), completion: .file())
    var validation: String?

    @Option(help: ArgumentHelp("The validation images' .lst.", valueName: "file"), completion: .file())
    var validationLst: String?

    @Option(help: ArgumentHelp("Masks or boxes of the validation data.", valueName: "path"), completion: .file())
    var validationAnnotation: String?

    @Option(
        help: ArgumentHelp("The folder with train_label_map.json: which pixel value of a mask is which class.", valueName: "path"),
        completion: .file())
    var labelMap: String?

    @OptionGroup var manifest: ManifestOptions

    @OptionGroup var hyperparameters: HyperparameterOptions

    @Option(help: ArgumentHelp("Names of the classes, with commas between.", valueName: "a,b,c"))
    var classNames: ClassNameList?

    @Option(help: ArgumentHelp("Threads that read images. (default: one a core)", valueName: "n"))
    var workers: Int?

    @Option(help: ArgumentHelp("Faults of one kind that the text shows.", valueName: "n"))
    var limit = 10

    @Option(
        help: ArgumentHelp("A folder for report.html: pictures with their labels, classes, and every kind of fault.", valueName: "folder"),
        completion: .directory)
    var output: String?

    @Flag(help: "Leave with status 1 for warnings, too.")
    var strict = false

    @Flag(help: "Write one JSON object, with every fault, to standard output.")
    var json = false

    @Flag(name: .shortAndLong, help: "No progress.")
    var quiet = false

    /// The hyperparameters that say something about data.
    private enum Name {
        static let classCount = "num_classes"
        static let sampleCount = "num_training_samples"
        static let labelWidth = "label_width"
        static let all = [classCount, sampleCount, labelWidth]
    }

    func validate() throws {
        if validationLst != nil, validation == nil {
            throw ValidationError("--validation-lst needs --validation, the folder that its paths begin in.")
        }
        if validationAnnotation != nil, validation == nil {
            throw ValidationError("--validation-annotation needs --validation, the pictures that it is about.")
        }
        if labelMap != nil, trainAnnotation == nil {
            throw ValidationError("--label-map needs --train-annotation; a folder that holds both channels has label_map/ beside them.")
        }
        if let workers, !(1...256).contains(workers) { throw ValidationError("--workers is \(workers); it must be from 1 to 256.") }
        guard limit >= 0 else { throw ValidationError("--limit is \(limit); it must be 0 or more.") }
        if let other = hyperparameters.pairs.first(where: { !Name.all.contains($0.name) }) {
            throw ValidationError(
                "-p \(other.name) says nothing about data; check takes \(Name.all.joined(separator: ", ")).")
        }
    }

    func run() throws {
        Interruption.install()
        let progress = CheckProgress(.standardError)
        defer { progress.close() }
        if let output { try OutputFolder.refuse(output, inside: [train, validation]) }
        let page = try output.map(CheckPage.init)
        let begin = ContinuousClock.now
        var opened: [String: any AnnotatedImages] = [:]
        var check = DataCheck(try settings())
        let stores = Stores { Interruption.isRequested }
        for half in halves {
            try check.check(half.name, at: half.location) {
                let images = try channel(half, stores).open($0)
                opened[half.name] = images
                return images
            } progress: { state in
                if Interruption.isRequested {
                    progress.close()
                    throw TrainingError(
                        .interrupted,
                        "Interrupted after \(Listing.count(state.done)) of \(Listing.count(state.total)) records of \(state.channel); "
                            + "\(Listing.count(state.faults)) faults until then.")
                }
                if !quiet { progress.show(state) }
            }
        }
        progress.close()
        let report = check.report()
        let seconds = begin.duration(to: .now) / .seconds(1)
        if !json, let error = check.openingError, report.records == 0 { throw error }
        TextOutput.standardOutput.write(json ? report.json(seconds: seconds).line + "\n" : report.text(limit: limit, seconds: seconds))
        try page?.write(report, opened)
        if report.count(.error) > 0 || strict && report.count(.warning) > 0 { throw Failure.reported }
    }

    /// One half of the data, as it was asked for.
    private struct Half {
        let name: String
        let location: String
        let list: String?
        let annotations: String?
    }

    private var halves: [Half] {
        [Half(name: DataCheck.training, location: train, list: trainLst, annotations: trainAnnotation)]
            + (validation.map { [Half(name: DataCheck.validation, location: $0, list: validationLst, annotations: validationAnnotation)] }
                ?? [])
    }

    private func channel(_ half: Half, _ stores: Stores) -> CheckedChannel {
        var channel = AnnotatedChannel(half.location, stores: stores)
        (channel.task, channel.list, channel.channel) = (task, half.list, half.name)
        (channel.annotations, channel.labelMap) = (half.annotations, labelMap)
        (channel.attributeNames, channel.labelFormat) = (manifest.attributes, manifest.labelFormat)
        return CheckedChannel(channel)
    }

    private func settings() throws -> DataCheck.Settings {
        var settings = DataCheck.Settings()
        let values = try hyperparameters.values()
        func count(_ name: String) throws -> Int? {
            guard let text = values[name] else { return nil }
            guard let value = Int(text), value >= 1 else {
                throw Failure.usage("\(name) is '\(text)'; it must be a whole number of 1 or more.")
            }
            return value
        }
        settings.task = task
        settings.classNames = classNames?.names
        settings.classCount = try count(Name.classCount)
        settings.sampleCount = try count(Name.sampleCount)
        settings.labelWidth = try count(Name.labelWidth)
        if let workers { settings.workers = workers }
        return settings
    }
}
