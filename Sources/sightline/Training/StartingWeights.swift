import Datasets
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
    /// Hyperparameters that the weights settle unless the user says otherwise.
    private(set) var hyperparameters: [String: String] = [:]
    /// The model, where one was given.
    private var model: ModelDescription?

    static var random: StartingWeights { StartingWeights(initial: .random, title: "random weights", record: "random") }

    private init(initial: InitialWeights, title: String, record: String) {
        self.initial = initial
        self.title = title
        self.record = record
    }

    /// The weights that a run is given; random ones where there are none.
    init(_ start: RunSettings.Start, of task: VisionTask) throws {
        let path: String
        let isModel: Bool
        switch start {
        case .fresh:
            self = .random
            return
        case .model(let model): (path, isModel) = (model, true)
        case .weights(let weights): (path, isModel) = (weights, false)
        }
        let (description, weights) = try ModelFolder.read(path)
        if isModel {
            self.init(
                initial: .incremental(description, weights, source: path), title: "the model \(Self.name(path))",
                record: "incremental \(try Self.digest(path))")
        } else {
            self.init(
                initial: .transfer(weights, source: path), title: "the weights of \(Self.name(path))",
                record: "transfer \(try Self.digest(path))")
        }
        model = description
        switch task {
        case .detection: hyperparameters = try Self.detection(weights, description, source: path)
        case .segmentation: hyperparameters = try Self.segmentation(weights, description, source: path)
        case .classification:
            hyperparameters = try Self.classification(weights, description, source: path)
            if isModel, description?.task == "classification", description?.multiLabel == true {
                hyperparameters["multi_label"] = "1"
            }
        }
    }

    /// Whether somebody has named weights.
    var isGiven: Bool { if case .random = initial { false } else { true } }

    /// ImageNet weights, downloaded where the cache lacks them; not for a look at the run without training (`isDry`).
    ///
    /// `network`: torchvision's name, such as `resnet50`.
    init(imageNetFor network: String, run: RunSettings) throws {
        let entry = try PretrainedCatalogue.find(network)
        let shown = run.showsDownloads
        if run.isDry, !FileManager.default.fileExists(atPath: Downloader().cache.path(of: entry.file)) {
            self.init(
                initial: .random, title: "ImageNet weights (\(entry.file), to be downloaded)", record: "transfer \(entry.hashPrefix)")
            return
        }
        let display = DownloadDisplay(shown ? .standardError : nil, file: entry.file)
        defer { display.close() }
        let path = try Downloader().fetch(entry, progress: display.show) { Interruption.isRequested }
        let weights = try WeightFile.read(path)
        self.init(
            initial: .transfer(weights, source: path), title: "ImageNet weights (\(entry.file))", record: "transfer \(entry.hashPrefix)")
    }

    private static func classification(
        _ weights: WeightDictionary, _ model: ModelDescription?, source: String
    ) throws -> [String: String] {
        let architecture = try ClassificationArchitecture(of: weights, source: source)
        var values = ["num_layers": String(architecture.depth)]
        if architecture.channels != 3 {
            let side = architecture.isSmall ? 32 : 224
            values["image_shape"] = "\(architecture.channels),\(side),\(side)"
        }
        if let model, model.task == "classification" {
            let input = model.preprocessing
            values["image_shape"] = "\(input.channels),\(input.height),\(input.width)"
        }
        return values
    }

    // A classifier's weights go under any detector: they settle nothing.
    private static func detection(
        _ weights: WeightDictionary, _ model: ModelDescription?, source: String
    ) throws -> [String: String] {
        guard let architecture = try? DetectionArchitecture(of: weights, source: source) else { return [:] }
        let size = model?.task == "detection" ? model?.preprocessing.height : nil
        return ["base_network": architecture.base, "image_shape": String(size ?? architecture.size)]
    }

    // A classifier's weights settle which backbone they are of.
    private static func segmentation(
        _ weights: WeightDictionary, _ model: ModelDescription?, source: String
    ) throws -> [String: String] {
        guard let architecture = try? SegmentationArchitecture(of: weights, source: source) else {
            guard let classifier = try? ClassificationArchitecture(of: weights, source: source), !classifier.isSmall else { return [:] }
            return ["backbone": "resnet-\(classifier.depth)"]
        }
        var values = ["algorithm": architecture.algorithm.rawValue, "backbone": architecture.backbone]
        if let model, model.task == "segmentation", model.preprocessing.height > 16 {
            values["crop_size"] = String(model.preprocessing.height)
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
