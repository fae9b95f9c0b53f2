import ArgumentParser
import Datasets
import Foundation
import Reporting
import Storage
import Training

/// `sightline convert`.
struct Convert: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Writes a data set in another format.",
        discussion: """
            EXAMPLES
              sightline convert photos records --to recordio
              sightline convert s3://bucket/train.manifest photos --to folders
              sightline convert camvid camvid-manifest --to manifest --channel train
              sightline convert coco/annotations/instances_val2017.json boxes --to boxes
              sightline convert VOC2012 yolo --to yolo --task detection

            FORMATS
              folders    one folder of pictures a class
              list       pictures in train/, labels in train.lst
              recordio   train.rec, train.idx, train.lst: MXNet's
              manifest   train.manifest: SageMaker's augmented manifest, pictures beside it
              masks      pictures in train/, PNG masks in train_annotation/; also made of
                         COCO's and YOLO's outlines
              boxes      pictures in train/, a JSON of boxes each in train_annotation/
              coco       pictures in train/, annotations/instances_train.json
              voc        JPEGImages/, Annotations/, ImageSets/Main/train.txt: Pascal VOC's
              yolo       images/train/, labels/train/, data.yaml
              What the source is, its content tells. Pictures are copied byte for byte;
              --resize makes large ones smaller and turns them upright, with their boxes and
              masks, which spares training the decoding of whole photographs.

            Ctrl-C loses nothing: --resume goes on. Nothing is visible under its name
            before it is whole. A hidden file, such as .train.conversion, keeps what the
            data were made of, so that --resume goes on with nothing else.
            """)

    @Argument(help: ArgumentHelp("The data set: a folder, a file or s3://…", valueName: "source"), completion: .file())
    var source: String

    @Argument(help: ArgumentHelp("The folder to write into, or s3://bucket/prefix.", valueName: "target"), completion: .file())
    var target: String

    @Option(help: ArgumentHelp("The format: \(DatasetFormat.allCases.map(\.rawValue).joined(separator: ", ")).", valueName: "format"))
    var to: DatasetFormat

    @Option(help: ArgumentHelp("The source's task, where its content leaves a choice.", valueName: "task"))
    var task: VisionTask?

    @Option(help: ArgumentHelp("The pictures' .lst.", valueName: "file"), completion: .file())
    var list: String?

    @Option(
        help: ArgumentHelp("Where masks or boxes are, if not beside the pictures: a folder, or a COCO file.", valueName: "path"),
        completion: .file())
    var annotation: String?

    @Option(
        help: ArgumentHelp("The folder with train_label_map.json, where --annotation names the masks.", valueName: "folder"),
        completion: .directory)
    var labelMap: String?

    @OptionGroup var manifest: ManifestOptions

    @Option(help: ArgumentHelp("Names of the classes, with commas between.", valueName: "a,b,c"))
    var classNames: ClassNameList?

    @Option(help: ArgumentHelp("The channel: train or validation.", valueName: "name"))
    var channel = "train"

    @Option(help: ArgumentHelp("Make larger pictures smaller: their shorter side, in pixels.", valueName: "pixels"))
    var resize: Int?

    @Option(help: ArgumentHelp("Quality of JPEGs that --resize writes, 1 to 100. (default: 95)", valueName: "n"))
    var quality: Int?

    @Flag(help: "Go on with what an interrupted run has left.")
    var resume = false

    @Flag(name: .shortAndLong, help: "Errors only.")
    var quiet = false

    func validate() throws {
        if quality != nil, resize == nil { throw ValidationError("--quality is for --resize: other pictures are copied byte for byte.") }
        if labelMap != nil, annotation == nil {
            throw ValidationError("--label-map needs --annotation; a folder that holds both channels has label_map/ beside them.")
        }
        guard !channel.isEmpty, !channel.contains("/"), !channel.hasPrefix(".") else {
            throw ValidationError("--channel is '\(channel)'; it must be a plain name, such as train.")
        }
    }

    func run() throws {
        Interruption.install()
        let stores = Stores { Interruption.isRequested }
        var reader = AnnotatedChannel(source, stores: stores)
        // Outlines of objects are boxes unless masks are wanted.
        (reader.task, reader.list, reader.classNames, reader.channel) = (
            task ?? (to == .masks ? .segmentation : nil), list, classNames?.names, channel
        )
        (reader.annotations, reader.labelMap) = (annotation, labelMap)
        (reader.attributeNames, reader.labelFormat) = (manifest.attributes, manifest.labelFormat)
        let shrinking = try resize.map { try PictureShrinking(shorterSide: $0, quality: quality ?? 95) }
        let images = try reader.open()
        if !quiet { for warning in images.warnings { TextOutput.standardError.write("note: \(warning)\n") } }
        let line = LiveLine(.standardError)
        defer { line.close() }
        let notes = try images.write(as: to, to: stores.open(Location(target)), name: channel, resume: resume, shrinking: shrinking) {
            done in
            if Interruption.isRequested {
                line.close()
                throw TrainingError(
                    .interrupted, "Interrupted after \(done) of \(images.count) pictures. Add --resume to the same command to go on.")
            }
            if !quiet { line.show("\(Listing.count(done))/\(Listing.count(images.count)) pictures") }
        }
        line.close()
        if !quiet { for note in notes { TextOutput.standardError.write("note: \(note)\n") } }
        if !quiet { TextOutput.standardError.write("\(Listing.count(images.count)) pictures from \(images.source) in \(target)\n") }
    }
}

extension DatasetFormat: ExpressibleByArgument {}
extension VisionTask: ExpressibleByArgument {}
