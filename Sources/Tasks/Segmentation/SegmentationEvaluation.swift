import Datasets
import Networks
import Torch
import Weights

/// Scores a data set, every image exactly once: as a whole and at its own size, as prediction sees it, or a crop of each.
///
/// Of a data set no more than a few images are in memory, and of the network's scores those of one image or mini-batch.
public struct SegmentationEvaluation {
    /// What of an image is scored.
    public enum Extent: Sendable, Equatable {
        /// All of it, and its boundaries, too.
        case whole
        /// Its centre, the short side made as long as the crop (the contract's `validation_mini_batch_size` above 1). As many at a time.
        case crops(Int)
    }

    private let source: SegmentationSource
    private let preprocessing: PreprocessingDescription
    private let extent: Extent
    private let viewing: SegmentationViewing
    private let device: Device
    private let workers: Int?

    /// Prepares passes over `source`. `viewing`: how whole images are looked at.
    public init(
        source: SegmentationSource, preprocessing: PreprocessingDescription, extent: Extent = .whole,
        viewing: SegmentationViewing = SegmentationViewing(), device: Device, workers: Int? = nil
    ) throws {
        if case .crops = extent, preprocessing.height < 8 {
            throw TaskError("The model does not say which crops it was trained on; score whole images.")
        }
        self.source = source
        self.preprocessing = preprocessing
        self.extent = extent
        self.viewing = viewing
        self.device = device
        self.workers = workers
    }

    /// Runs the pass.
    /// - Parameters:
    ///   - pass: passes before this one; a pipe has another FIFO for each.
    ///   - share: the part of the data set that this process scores; all processes get the figures of the whole.
    ///   - progress: called with the number of images done, and their number if it is known; throws to stop.
    ///   - scored: called with every whole image of this process's part; nil: nobody asks. Of crops it is never called.
    ///   - predict: normalised N, 3, H, W → scores N, classes, H / 8, W / 8.
    public func run(
        pass: Int = 0, share: RankShare = RankShare(), progress: (Int, Int?) throws -> Void = { _, _ in },
        scored: ((SegmentationImageScore) -> Void)? = nil, predict: @escaping (Tensor) throws -> Tensor
    ) throws -> SegmentationMetrics {
        let own =
            switch extent {
            case .whole: try runWhole(pass, share.validation, progress, scored, predict)
            case .crops(let count): try runCrops(pass, share.validation, count, progress, predict)
            }
        return try share.merged(own, into: SegmentationMetrics(classCount: source.classNames.count))
    }

    private func runWhole(
        _ pass: Int, _ share: BatchShare, _ progress: (Int, Int?) throws -> Void, _ scored: ((SegmentationImageScore) -> Void)?,
        _ predict: @escaping (Tensor) throws -> Tensor
    ) throws -> SegmentationMetrics {
        var metrics = SegmentationMetrics(classCount: source.classNames.count)
        let segmenter = ImageSegmenter(preprocessing: preprocessing, viewing: viewing, device: device, network: predict)
        let loader = try source.loadOnce(batchSize: 1, share: share, pass: pass, workers: workers, ahead: 2) {
            WholeImageBuilder(record: $0)
        }
        defer { loader.cancel() }
        while let loaded = try loader.next() {
            guard let (image, mask) = loaded.batch.content.map({ ($0.image, $0.mask) }) else { continue }
            let found = try segmenter.classes(of: image)
            var own = SegmentationMetrics(classCount: source.classNames.count)
            own.add(predicted: found, truth: mask.classIDs)
            own.add(BoundaryScores(predicted: found, truth: mask.classIDs, size: mask.size))
            try metrics.merge(own.numbers)
            if let number = loaded.indices.first { scored?(SegmentationImageScore(number: number, own)) }
            try progress(metrics.count, source.count)
        }
        return metrics
    }

    private func runCrops(
        _ pass: Int, _ share: BatchShare, _ batchSize: Int, _ progress: (Int, Int?) throws -> Void, _ predict: (Tensor) throws -> Tensor
    ) throws -> SegmentationMetrics {
        var metrics = SegmentationMetrics(classCount: source.classNames.count)
        let transform = SegmentationTransform.centre(preprocessing)
        let loader = try source.loadOnce(batchSize: batchSize, share: share, pass: pass, workers: workers) {
            SegmentationBatchBuilder(record: $0, transform: transform)
        }
        defer { loader.cancel() }
        try withInference {
            while let loaded = try loader.next() {
                let batch = loaded.batch
                let input = try batch.input(mean: preprocessing.mean, std: preprocessing.std, dtype: .float32, device: device)
                let found = try segmentationClasses(predict(input), height: transform.side, width: transform.side).bytes()
                let size = transform.side * transform.side
                found.withUnsafeBufferPointer { found in
                    for slot in 0..<batch.count {
                        metrics.add(
                            predicted: UnsafeBufferPointer(rebasing: found[slot * size..<(slot + 1) * size]),
                            truth: batch.classes(slot: slot))
                    }
                }
                try progress(metrics.count, source.count)
            }
        }
        return metrics
    }
}
