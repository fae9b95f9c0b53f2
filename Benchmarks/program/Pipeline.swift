import ArgumentParser
import Datasets
import Tasks
import Torch
import Weights

/// Decode, random-resized crop, flip, normalise: everything between a folder of JPEGs and a tensor.
struct Pipeline: ParsableCommand {
    static let configuration = CommandConfiguration(abstract: "The input pipeline over a folder of classes; each repetition is one epoch.")
    @OptionGroup var measure: Measure
    @Argument(help: "A folder with a folder of JPEGs for each class.") var folder: String
    @Option(help: "Threads that decode.") var workers = 2
    @Option(help: "Side of the crop in pixels.") var size = 224
    @Option(help: "Images in a mini-batch.") var batch = 50
    @Option(help: "augmentation_type.") var augmentation = ClassificationHyperparameters.Augmentation.randomResizedCrop.rawValue

    func run() throws {
        guard let augmentation = ClassificationHyperparameters.Augmentation(rawValue: augmentation) else {
            throw ValidationError("--augmentation is none of augmentation_type's values.")
        }
        try Runtime.prepare()
        Runtime.threads = 1
        let dataset = try ClassificationDataset(channel: folder)
        // What the contract's crops start from; a part of any size needs none.
        let side = augmentation == .randomResizedCrop ? nil : size * 256 / 224
        let input = PreprocessingDescription(channels: 3, height: size, width: size, resizeShorterSide: side)
        let builder = ClassificationBatchBuilder(
            dataset: dataset, transform: ClassificationTransform(input, augmentation: augmentation), seed: 1)
        let plan = try BatchPlan(exampleCount: dataset.count, batchSize: batch, shuffle: true)
        let loader = try BatchLoader(builder: builder, plan: plan, epochs: 0..<measure.warmup + measure.iterations, workers: workers)
        defer { loader.cancel() }
        try measure.run(
            ["task": "pipeline", "workers": "\(workers)", "size": "\(size)", "augmentation": augmentation.rawValue],
            images: dataset.count
        ) {
            while let loaded = try loader.next() {
                _ = try loaded.batch.input(mean: input.mean, std: input.std, dtype: .float32, device: .cpu)
            }
        }
    }
}

/// Decode, the SSD paper's augmentation, stretch to the input, normalise: everything between pictures with boxes and tensors.
struct DetectionPipeline: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "The input pipeline over pictures with boxes; each repetition is one epoch.")
    @OptionGroup var measure: Measure
    @Argument(help: "A data set of boxes: SageMaker's folders, COCO, Pascal VOC, YOLO, RecordIO, a manifest.") var folder: String
    @Option(help: "Threads that decode.") var workers = 1
    @Option(help: "Side of the input in pixels.") var size = 300
    @Option(help: "Images in a mini-batch.") var batch = 16
    @Flag(help: "Without augmentation.") var plain = false

    func run() throws {
        try Runtime.prepare()
        Runtime.threads = 1
        let dataset = try DetectionChannel(folder).openDataset()
        let input = PreprocessingDescription(channels: 3, height: size, width: size)
        let builder = DetectionBatchBuilder(dataset: dataset, transform: DetectionTransform(input, augments: !plain), seed: 1)
        let plan = try BatchPlan(exampleCount: dataset.count, batchSize: batch, shuffle: true)
        let loader = try BatchLoader(builder: builder, plan: plan, epochs: 0..<measure.warmup + measure.iterations, workers: workers)
        defer { loader.cancel() }
        try measure.run(["task": "detection pipeline", "workers": "\(workers)", "size": "\(size)"], images: dataset.count) {
            while let loaded = try loader.next() {
                _ = try loaded.batch.input(mean: input.mean, std: input.std, dtype: .float32, device: .cpu)
                _ = try loaded.batch.targets(device: .cpu)
            }
        }
    }
}
