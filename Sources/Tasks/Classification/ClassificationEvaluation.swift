import Datasets
import Torch
import Weights

/// Scores a data set, every image exactly once, with the preprocessing that prediction uses.
public struct ClassificationEvaluation {
    private let dataset: ClassificationDataset
    private let preprocessing: PreprocessingDescription
    private let plan: BatchPlan
    private let topK: Int?
    private let device: Device
    private let workers: Int?

    /// Prepares a pass over `dataset`.
    public init(
        dataset: ClassificationDataset, preprocessing: PreprocessingDescription, batchSize: Int, topK: Int?, device: Device,
        workers: Int? = nil
    ) throws {
        self.dataset = dataset
        self.preprocessing = preprocessing
        plan = try BatchPlan(exampleCount: dataset.count, batchSize: min(batchSize, dataset.count))
        self.topK = topK
        self.device = device
        self.workers = workers
    }

    /// Runs the pass.
    /// - Parameters:
    ///   - progress: called with the number of images done, and their number; throws to stop.
    ///   - predict: normalised N, C, H, W → logits N, classes.
    public func run(progress: (Int, Int) throws -> Void = { _, _ in }, predict: (Tensor) throws -> Tensor) throws -> ClassificationMetrics {
        let classCount = dataset.classNames.count
        let multiLabel = dataset.labelKind == .multi
        var metrics = ClassificationMetrics(classCount: classCount, multiLabel: multiLabel, topK: topK)
        let loader = try BatchLoader(
            builder: ClassificationBatchBuilder(dataset: dataset, transform: ClassificationTransform(preprocessing)), plan: plan,
            epochs: 0..<1, workers: workers)
        defer { loader.cancel() }
        try withInference {
            while let loaded = try loader.next() {
                let batch = loaded.batch
                let input = try batch.input(mean: preprocessing.mean, std: preprocessing.std, dtype: .float32, device: device)
                let logits = try predict(input).to(.float32)
                if multiLabel {
                    let targets = try batch.targets(classCount: classCount, device: device)
                    try metrics.add(logits: logits, targets: targets, loss: binaryCrossEntropy(logits, targets).item())
                } else {
                    let classes = try batch.classes(device: device)
                    try metrics.add(logits: logits, classes: classes.elements(as: Int64.self), loss: crossEntropy(logits, classes).item())
                }
                try progress(metrics.count, dataset.count)
            }
        }
        return metrics
    }
}
