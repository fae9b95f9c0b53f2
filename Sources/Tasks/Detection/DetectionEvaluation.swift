import Datasets
import Networks
import Torch
import Weights

/// Scores a data set, every image exactly once, with the preprocessing that prediction uses.
public struct DetectionEvaluation {
    private let source: DetectionSource
    private let preprocessing: PreprocessingDescription
    private let batchSize: Int
    private let overlap: Double
    private let device: Device
    private let workers: Int?

    /// Prepares passes over `source`. `overlap`: the IoU from which a detection is right in `mAP`.
    public init(
        source: DetectionSource, preprocessing: PreprocessingDescription, batchSize: Int, overlap: Double, device: Device,
        workers: Int? = nil
    ) throws {
        self.source = source
        self.preprocessing = preprocessing
        self.batchSize = batchSize
        self.overlap = overlap
        self.device = device
        self.workers = workers
    }

    /// Runs the pass.
    /// - Parameters:
    ///   - pass: passes before this one; a pipe has another FIFO for each.
    ///   - share: the part of the data set that this process scores; all processes get the figures of the whole.
    ///   - postprocessor: what makes objects of the output.
    ///   - anchors: the network's, on the device.
    ///   - progress: called with the number of images done, and their number if it is known; throws to stop.
    ///   - scored: called with every picture of this process's part, and what is wrong in it; nil: nobody asks.
    ///   - predict: normalised N, 3, S, S → scores and offsets of all anchors.
    public func run(
        pass: Int = 0, share: RankShare = RankShare(), postprocessor: DetectionPostprocessor, anchors: Tensor,
        progress: (Int, Int?) throws -> Void = { _, _ in }, scored: ((DetectionImageScore) -> Void)? = nil,
        predict: (Tensor) throws -> DetectionOutput
    ) throws -> DetectionMetrics {
        let empty = DetectionMetrics(classCount: source.classNames.count, overlap: overlap)
        var metrics = empty
        let transform = DetectionTransform(preprocessing)
        let loader = try source.loadOnce(batchSize: batchSize, share: share.validation, pass: pass, workers: workers) {
            DetectionBatchBuilder(record: $0, transform: transform)
        }
        defer { loader.cancel() }
        try withInference {
            while let loaded = try loader.next() {
                let batch = loaded.batch
                let input = try batch.input(mean: preprocessing.mean, std: preprocessing.std, dtype: .float32, device: device)
                let found = try postprocessor(predict(input), anchors: anchors)
                for (slot, detections) in found.enumerated() {
                    let (truth, size, number) = (batch.truth(slot: slot), batch.size(slot: slot), loaded.indices[slot])
                    metrics.add(detections, truth: truth, size: size, number: number)
                    scored?(
                        DetectionImageScore(
                            number: number, found: detections.filter { $0.score >= DetectionErrors.scoreThreshold }, truth: truth,
                            errors: DetectionErrors(detections, truth: truth, size: size, overlap: overlap)))
                }
                try progress(metrics.count, source.count)
            }
        }
        return try share.merged(metrics, into: empty)
    }
}
