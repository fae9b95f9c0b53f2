import Datasets
import Torch
import Weights

/// Scores a data set, every image exactly once, with the preprocessing that prediction uses.
public struct ClassificationEvaluation {
    private let source: ClassificationSource
    private let preprocessing: PreprocessingDescription
    private let batchSize: Int
    private let topK: Int?
    private let device: Device
    private let workers: Int?

    /// Prepares passes over `source`.
    public init(
        source: ClassificationSource, preprocessing: PreprocessingDescription, batchSize: Int, topK: Int?, device: Device,
        workers: Int? = nil
    ) throws {
        self.source = source
        self.preprocessing = preprocessing
        self.batchSize = batchSize
        self.topK = topK
        self.device = device
        self.workers = workers
    }

    /// Runs the pass.
    /// - Parameters:
    ///   - pass: passes before this one; a pipe has another FIFO for each.
    ///   - share: the part of the data set that this process scores; all processes get the figures of the whole.
    ///   - progress: called with the number of images done, and their number if it is known; throws to stop.
    ///   - mistaken: called with every image of this process's part that is wrong; nil: nobody asks.
    ///   - predict: normalised N, C, H, W → logits N, classes.
    public func run(
        pass: Int = 0, share: RankShare = RankShare(), progress: (Int, Int?) throws -> Void = { _, _ in },
        mistaken: ((ClassificationMistake) -> Void)? = nil, predict: (Tensor) throws -> Tensor
    ) throws -> ClassificationMetrics {
        let classCount = source.classNames.count
        let multiLabel = source.labelKind == .multi
        let empty = ClassificationMetrics(classCount: classCount, multiLabel: multiLabel, topK: topK)
        var metrics = empty
        let transform = ClassificationTransform(preprocessing)
        // As many at a time as training has in memory, which is a process's part of a turn.
        let training = share.training
        let size = max(1, training.batchSize(batchSize) / training.smallestBatch)
        let loader = try source.loadOnce(batchSize: size, share: share.validation, pass: pass, workers: workers) {
            ClassificationBatchBuilder(record: $0, transform: transform)
        }
        defer { loader.cancel() }
        try withInference {
            while let loaded = try loader.next() {
                let batch = loaded.batch
                let input = try batch.input(mean: preprocessing.mean, std: preprocessing.std, dtype: .float32, device: device)
                let logits = try predict(input).to(.float32)
                if multiLabel {
                    let targets = try batch.targets(classCount: classCount, device: device)
                    try metrics.add(logits: logits, targets: targets, loss: binaryCrossEntropy(logits, targets).item())
                    if let mistaken {
                        let hot = try targets.elements(as: Float.self)
                        let truth = (0..<batch.count).map { slot in (0..<classCount).filter { hot[slot * classCount + $0] > 0.5 } }
                        let probabilities = try sigmoid(logits).elements(as: Float.self)
                        ClassificationMistake.all(
                            probabilities: probabilities, truth: truth, numbers: loaded.indices, multiLabel: true
                        ).forEach(mistaken)
                    }
                } else {
                    let classes = try batch.classes(device: device)
                    let truth = try classes.elements(as: Int64.self)
                    try metrics.add(logits: logits, classes: truth, loss: crossEntropy(logits, classes).item())
                    if let mistaken {
                        let probabilities = try softmax(logits).elements(as: Float.self)
                        ClassificationMistake.all(
                            probabilities: probabilities, truth: truth.map { [Int($0)] }, numbers: loaded.indices, multiLabel: false
                        ).forEach(mistaken)
                    }
                }
                try progress(metrics.count, source.count)
            }
        }
        return try share.merged(metrics, into: empty)
    }
}
