import ArgumentParser
import Datasets
import Reporting
import Tasks
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

            The model is a run's folder, a model folder, or a file of weights.
            """)

    @Argument(help: "The model.")
    var model: String

    @Option(help: ArgumentHelp("Labelled images: a folder or file.", valueName: "path"))
    var data: String

    @Option(help: ArgumentHelp("The images' .lst.", valueName: "file"))
    var lst: String?

    @Option(help: "Precision of products.")
    var precision = PredictionPrecision.float32

    @Option(help: ArgumentHelp("Also count images whose class is among the k most likely.", valueName: "k"))
    var topK = 5

    @Option(help: ArgumentHelp("Images at a time.", valueName: "n"))
    var batchSize = 64

    @Option(help: ArgumentHelp("Names for the classes of weights that come without.", valueName: "a,b,c"))
    var classNames: ClassNameList?

    @OptionGroup var engine: EngineOptions

    @Flag(help: "Write one JSON object to standard output.")
    var json = false

    func validate() throws {
        guard topK >= 2 else { throw ValidationError("--top-k is \(topK); it must be 2 or more.") }
        guard batchSize >= 1 else { throw ValidationError("--batch-size is \(batchSize); it must be 1 or more.") }
    }

    func run() throws {
        let device = try engine.start()
        let predictor = try ClassificationPredictor(model, classNames: classNames?.names, device: device, precision: precision.type)
        let description = predictor.description
        // Classes that nobody named take the data's names.
        let isNamed = description.classes != description.classes.indices.map(String.init)
        let dataset = try ClassificationDataset(
            channel: data, list: lst, split: .validation, classNames: isNamed ? description.classes : nil)
        for warning in dataset.warnings { TextOutput.standardError.write("note: \(warning)\n") }

        let line = LiveLine(.standardError)
        defer { line.close() }
        let begin = ContinuousClock.now
        let metrics = try predictor.evaluate(dataset, batchSize: batchSize, topK: description.multiLabel ? nil : topK) { done, _ in
            line.show("\(Listing.count(done))/\(Listing.count(dataset.count)) images")
        }
        let seconds = begin.duration(to: .now) / .seconds(1)
        line.close()
        let report = EvaluationReport(metrics, classes: dataset.classNames, seconds: seconds)
        TextOutput.standardOutput.write(json ? report.json.line + "\n" : report.text)
    }
}
