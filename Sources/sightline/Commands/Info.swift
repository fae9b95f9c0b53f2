import ArgumentParser
import Datasets
import Foundation
import Networks
import Reporting
import Weights

/// `sightline info`.
struct Info: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Says what a model, a file of weights or a data set holds.",
        discussion: """
            EXAMPLES
              sightline info run
              sightline info resnet50.pth --json
              sightline info photos
            """)

    @Argument(help: "A run's folder, a model folder or its .tar.gz, a file of weights, or a data set.", completion: .file())
    var path: String

    @Flag(help: "Write one JSON object to standard output.")
    var json = false

    func run() throws {
        let found = try describe()
        TextOutput.standardOutput.write(json ? found.json.line + "\n" : found.text)
    }

    private func describe() throws -> (text: String, json: JSONValue) {
        var isFolder: ObjCBool = false
        guard FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) else {
            throw PathError(description: "\(path): there is no such file or folder. Check the path.")
        }
        if isFolder.boolValue {
            let holdsModel = ["", "/model"].contains {
                FileManager.default.fileExists(atPath: "\(path)\($0)/\(ModelFolder.weightsName)")
            }
            return holdsModel ? try model() : try dataset()
        }
        let weightNames = ["safetensors", "pth", "pt", "th"]
        // What the bytes are decides; the name, only about what to say of a file that is neither.
        if (try? WeightFile.form(of: path)) != nil || ModelArchive.isArchive(path) { return try model() }
        let isNamedWeights = weightNames.contains((path as NSString).pathExtension.lowercased())
        return isNamedWeights ? try model() : try dataset()
    }

    // MARK: Models and weights

    private func model() throws -> (text: String, json: JSONValue) {
        let (description, weights) = try ModelFolder.read(path)
        // Running statistics are kept, not learned.
        let learned = weights.arrays.filter { array in
            array.type.isFloatingPoint && !array.name.hasSuffix("running_mean") && !array.name.hasSuffix("running_var")
        }
        let parameters = learned.reduce(0) { $0 + $1.elementCount }
        guard let description else { return self.weights(weights, parameters: parameters, network: network(of: weights)) }
        let input = description.preprocessing
        var listing = Listing()
        listing.add("model", path)
        listing.add("task", description.task + (description.multiLabel ? ", several labels an image" : ""))
        listing.add("network", "\(description.network), \(Listing.count(parameters)) parameters")
        listing.add("classes", "\(description.classes.count): \(description.classes.joined(separator: ", "))")
        let size = VisionTask(rawValue: description.task) == .segmentation ? "any size, trained on crops of " : ""
        listing.add("input", "\(input.channels) channel\(input.channels == 1 ? "" : "s"), \(size)\(input.height)×\(input.width) pixels")
        listing.add("resize", input.resizeShorterSide.map { "shorter side to \($0) pixels, then the centre" })
        for (name, value) in description.metrics.sorted(by: { $0.key < $1.key }) { listing.add(name, Listing.decimal(value)) }
        for (name, value) in description.hyperparameters.sorted(by: { $0.key < $1.key }) { listing.add("  \(name)", value) }
        let json = JSONValue.members([
            "kind": .string("model"), "path": .string(path), "task": .string(description.task), "network": .string(description.network),
            "parameters": .integer(parameters), "classes": .array(description.classes.map { .string($0) }),
            "multi_label": .bool(description.multiLabel),
            "input": .members([
                "channels": .integer(input.channels), "height": .integer(input.height), "width": .integer(input.width),
                "resize": input.resizeShorterSide.map { .integer($0) }, "mean": .array(input.mean.map { .float($0) }),
                "std": .array(input.std.map { .float($0) }),
            ]),
            "metrics": .object(of: description.metrics.sorted { $0.key < $1.key }.map { (name: $0.key, value: .number($0.value)) }),
            "hyperparameters": .object(of: description.hyperparameters),
        ])
        return (listing.text, json)
    }

    /// The network that weights belong to, and its classes.
    private func network(of weights: WeightDictionary) -> (name: String, classes: Int)? {
        if let found = try? ClassificationArchitecture(of: weights, source: path) { return (found.name, found.classes) }
        if let found = try? DetectionArchitecture(of: weights, source: path) { return (found.name, found.classes) }
        return (try? SegmentationArchitecture(of: weights, source: path)).map { ($0.name, $0.classes) }
    }

    private func weights(
        _ weights: WeightDictionary, parameters: Int, network: (name: String, classes: Int)?
    ) -> (text: String, json: JSONValue) {
        let form = (try? WeightFile.form(of: path))?.rawValue
        var listing = Listing()
        listing.add("weights", path)
        listing.add("form", form)
        listing.add("network", network.map { "\($0.name), \($0.classes) classes" } ?? "none that this program knows")
        listing.add("parameters", Listing.count(parameters))
        listing.add("arrays", Listing.count(weights.count))
        for array in weights.arrays {
            listing.add("  \(array.name)", "\(array.type.rawValue) \(array.shape.map(String.init).joined(separator: "×"))")
        }
        let json = JSONValue.members([
            "kind": .string("weights"), "path": .string(path), "form": form.map { .string($0) },
            "network": network.map { .string($0.name) }, "classes": network.map { .integer($0.classes) },
            "parameters": .integer(parameters),
            "arrays": .array(
                weights.arrays.map { array in
                    .members([
                        "name": .string(array.name), "type": .string(array.type.rawValue),
                        "shape": .array(array.shape.map { .integer($0) }),
                    ])
                }),
        ])
        return (listing.text, json)
    }

    // MARK: Data sets

    private func dataset() throws -> (text: String, json: JSONValue) {
        var halves = [try part("train", .training)]
        // A folder may hold both halves.
        if let other = try? part("validation", .validation), other.source != halves[0].source { halves.append(other) }
        return (
            halves.map(\.text).joined(separator: "\n"),
            .members(["kind": .string("dataset"), "path": .string(path), "parts": .array(halves.map(\.json))])
        )
    }

    private func part(_ name: String, _ split: ClassificationSplit) throws -> (source: String, text: String, json: JSONValue) {
        var channel = AnnotatedChannel(path)
        channel.channel = name
        let images = try channel.open()
        guard images.task == .classification else { return describe(images) }
        var classes = ClassificationChannel(path)
        (classes.mode, classes.split) = (.fastFile, split)
        return describe(try classes.openDataset())
    }

    /// Masks or boxes, none of which is read.
    private func describe(_ images: any AnnotatedImages) -> (source: String, text: String, json: JSONValue) {
        var listing = Listing()
        listing.add("data", images.source)
        listing.add("task", images.task.rawValue)
        listing.add("images", Listing.count(images.count))
        listing.add("classes", images.classNames.map { "\($0.count): \($0.joined(separator: ", "))" } ?? "numbers without names")
        for warning in images.warnings { listing.add("note", warning) }
        let json = JSONValue.members([
            "source": .string(images.source), "task": .string(images.task.rawValue), "images": .integer(images.count),
            "classes": images.classNames.map { names in .array(names.map { .members(["name": .string($0)]) }) },
            "warnings": .array(images.warnings.map { .string($0) }),
        ])
        return (images.source, listing.text, json)
    }

    private func describe(_ part: ClassificationDataset) -> (source: String, text: String, json: JSONValue) {
        var listing = Listing()
        listing.add("data", part.source)
        listing.add("task", VisionTask.classification.rawValue)
        listing.add("images", Listing.count(part.count))
        listing.add("labels", part.labelKind == .multi ? "several an image" : "one an image")
        listing.add("classes", Listing.count(part.classNames.count))
        for (name, count) in zip(part.classNames, part.histogram) { listing.add("  \(name)", Listing.count(count)) }
        for warning in part.warnings { listing.add("note", warning) }
        let json = JSONValue.members([
            "source": .string(part.source), "task": .string(VisionTask.classification.rawValue), "images": .integer(part.count),
            "labels": .string(part.labelKind.rawValue),
            "classes": .array(
                zip(part.classNames, part.histogram).map { name, count in .members(["name": .string(name), "images": .integer(count)]) }),
            "warnings": .array(part.warnings.map { .string($0) }),
        ])
        return (part.source, listing.text, json)
    }
}
