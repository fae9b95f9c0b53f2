import Foundation
import Networks
import Reporting
import Tasks
import Training
import Weights

/// Where a run's first weights come from: read, and described for people and for the run's record.
struct StartingWeights {
    let initial: InitialWeights
    /// For people: `random weights`.
    let title: String
    /// For the run's record: what a resumed run must have begun with.
    let record: String
    /// The depth of the network, where weights tell it.
    private(set) var architecture: ClassificationArchitecture?
    /// The model, where one was given.
    private(set) var model: ModelDescription?

    static var random: StartingWeights { StartingWeights(initial: .random, title: "random weights", record: "random") }

    private init(initial: InitialWeights, title: String, record: String) {
        self.initial = initial
        self.title = title
        self.record = record
    }

    /// Weights for a fresh last layer.
    init(pretrained path: String) throws {
        let (description, weights) = try ModelFolder.read(path)
        self.init(
            initial: .transfer(weights, source: path), title: "the weights of \(Self.name(path))",
            record: "transfer \(try Self.digest(path))")
        architecture = try ClassificationArchitecture(of: weights, source: path)
        model = description
    }

    /// A model to train on.
    init(model path: String) throws {
        let (description, weights) = try ModelFolder.read(path)
        self.init(
            initial: .incremental(description, weights, source: path), title: "the model \(Self.name(path))",
            record: "incremental \(try Self.digest(path))")
        architecture = try ClassificationArchitecture(of: weights, source: path)
        model = description
    }

    /// ImageNet weights, downloaded where the cache lacks them.
    init(imageNetFor depth: Int, quiet: Bool) throws {
        let entry = try PretrainedCatalogue.find("resnet\(depth)")
        let display = DownloadDisplay(quiet ? nil : .standardError, file: entry.file)
        defer { display.close() }
        let path = try Downloader().fetch(entry, progress: display.show) { Interruption.isRequested }
        let weights = try WeightFile.read(path)
        self.init(
            initial: .transfer(weights, source: path), title: "ImageNet weights (\(entry.file))", record: "transfer \(entry.hashPrefix)")
    }

    /// Hyperparameters that the weights settle unless the user says otherwise.
    var hyperparameters: [String: String] {
        var values: [String: String] = [:]
        if let architecture {
            values["num_layers"] = String(architecture.depth)
            if architecture.channels != 3 {
                let side = architecture.isSmall ? 32 : 224
                values["image_shape"] = "\(architecture.channels),\(side),\(side)"
            }
        }
        if let model, model.task == "classification" {
            let input = model.preprocessing
            values["image_shape"] = "\(input.channels),\(input.height),\(input.width)"
            if case .incremental = initial, model.multiLabel { values["multi_label"] = "1" }
        }
        return values
    }

    /// Class names in the order of a model that is trained on.
    var classNames: [String]? {
        if case .incremental = initial { model?.classes } else { nil }
    }

    private static func name(_ path: String) -> String { path.split(separator: "/").suffix(2).joined(separator: "/") }

    /// The first digits of the weights' SHA-256: enough to tell files apart.
    private static func digest(_ path: String) throws -> String {
        let candidates = [path + "/" + ModelFolder.weightsName, path + "/model/" + ModelFolder.weightsName]
        let file = candidates.first { FileManager.default.fileExists(atPath: $0) } ?? path
        return String(try FileHash.sha256(file).prefix(16))
    }
}
