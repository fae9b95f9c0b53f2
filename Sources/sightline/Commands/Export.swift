import ArgumentParser
import Export
import Foundation
import Reporting
import Tasks
import Torch
import Weights

/// `sightline export`.
struct ExportCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "export",
        abstract: "Writes a model for other programs, as ONNX.",
        discussion: """
            EXAMPLES
              sightline export run photos.onnx
              sightline export detector/model.tar.gz cells.onnx
              sightline export segmenter streets.onnx --size 640x480

            The file holds the whole way from a picture to the answer. Its input, images,
            is N, channels, height, width: RGB, 0 to 255, as floats. Its outputs:
              classifiers    probabilities, logits: N, classes
              detectors      boxes: N, anchors, 4 (left, top, right, bottom, as fractions
                             of the sides); scores: N, classes, anchors; selected: image,
                             class and anchor of what non-maximum suppression leaves
              segmentation   mask: N, height, width; probabilities: N, classes, height,
                             width
            Names of classes are in the file's metadata. Detectors and classifiers want
            pictures of their own size; segmentation models of any, but for PSPNet.
            """)

    @Argument(help: "The model: a run's folder, a model folder or its .tar.gz, or a file of weights.", completion: .file())
    var model: String

    @Argument(help: ArgumentHelp("The file to write.", valueName: "file.onnx"), completion: .file())
    var file: String

    @Option(help: ArgumentHelp("The pictures' width and height, where the model leaves a choice.", valueName: "WxH"))
    var size: PictureSize?

    @Option(help: ArgumentHelp("Names for the classes of weights that come without.", valueName: "a,b,c"))
    var classNames: ClassNameList?

    @Flag(help: "Replace a file that is there.")
    var overwrite = false

    func validate() throws {
        guard file.lowercased().hasSuffix(".onnx") else {
            throw ValidationError("The file is \(file), and what is written is ONNX: give it a name that ends in .onnx.")
        }
    }

    func run() throws {
        var isFolder: ObjCBool = false
        if FileManager.default.fileExists(atPath: file, isDirectory: &isFolder) {
            guard !isFolder.boolValue else { throw Failure.usage("\(file) is a folder. Give a file.") }
            guard overwrite else { throw PathError(description: "\(file) is there already. Add --overwrite, or give another name.") }
        }
        let (_, weights) = try ModelFolder.read(model)
        // What weights alone don't say, prediction knows.
        var description = try Predictor(model, device: .cpu).description
        if let names = classNames?.names {
            guard names.count == description.classes.count else {
                throw Failure.usage("--class-names has \(names.count) names, and \(model) \(description.classes.count) classes.")
            }
            description.classes = names
        }
        let export = ONNXExport(description, weights: weights, source: model)
        let taken = try export.write(to: file, size: size.map { ($0.height, $0.width) })
        let pictures = taken.map { "pictures of \($0.width)×\($0.height) pixels" } ?? "pictures of any size"
        let bytes = ((try? FileManager.default.attributesOfItem(atPath: file)[.size]) as? Int) ?? 0
        TextOutput.standardOutput.write("\(file): \(description.network) for \(pictures), \(bytes >> 20) MB\n")
    }
}

/// `640x480`: a width and a height in pixels.
struct PictureSize: ExpressibleByArgument {
    let width: Int
    let height: Int

    init?(argument: String) {
        let sides = argument.lowercased().split(separator: "x", omittingEmptySubsequences: false).map { Int($0) }
        guard sides.count == 2, let width = sides[0], let height = sides[1], width > 0, height > 0 else { return nil }
        (self.width, self.height) = (width, height)
    }
}
