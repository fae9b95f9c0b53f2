import Datasets
import Torch
import Weights

/// A mini-batch in memory: pixels N, H, W, 3 (uint8) and the classes of the same pixels N, H, W.
///
/// Unchecked: slots are disjoint memory, each written by one worker before the loader hands the batch over.
public final class SegmentationBatch: @unchecked Sendable {
    /// Images.
    public let count: Int
    private let pixels: BatchPixels
    private let classes: BatchPixels
    private let labelled: UnsafeMutableBufferPointer<Int>

    init(count: Int, side: Int) {
        self.count = count
        pixels = BatchPixels(count: count, height: side, width: side, channels: 3)
        classes = BatchPixels(count: count, height: side, width: side, channels: 1)
        labelled = .allocate(capacity: count)
        labelled.initialize(repeating: 0)
    }

    deinit { labelled.deallocate() }

    /// The memory of one image's pixels and classes.
    func slot(_ index: Int) -> (pixels: UnsafeMutableBufferPointer<UInt8>, classes: UnsafeMutableBufferPointer<UInt8>) {
        (pixels.slot(index), classes.slot(index))
    }

    func set(labelledPixels count: Int, slot: Int) { labelled[slot] = count }

    /// The normalised input: N, C, H, W in channels-last memory.
    public func input(mean: [Float], std: [Float], dtype: DType, device: Device) throws -> Tensor {
        try pixels.input(mean: mean, std: std, dtype: dtype, device: device)
    }

    /// The classes: N, H, W (uint8), 255 = not labelled.
    public func targets(device: Device) throws -> Tensor {
        let (count, height, width, _) = classes.shape
        return try classes.bytes(on: device).reshaped([count, height, width])
    }

    /// The classes of one image, rows from top to bottom.
    public func classes(slot: Int) -> UnsafeBufferPointer<UInt8> { UnsafeBufferPointer(classes.slot(slot)) }

    /// Pixels of all images that have a class.
    public var labelledPixels: Int { labelled.reduce(0, +) }
}

/// Fills mini-batches from a data set or a stream.
public struct SegmentationBatchBuilder: BatchBuilder {
    private let record: RecordReader<SegmentationRecord>
    private let transform: SegmentationTransform
    private let seed: UInt64

    /// Images of a data set. `seed`: of the augmentation; each image of each epoch draws from a stream of its own.
    public init(dataset: SegmentationDataset, transform: SegmentationTransform, seed: UInt64 = 0) {
        self.init(record: { index, _ in try dataset.record(at: index) }, transform: transform, seed: seed)
    }

    init(record: @escaping RecordReader<SegmentationRecord>, transform: SegmentationTransform, seed: UInt64 = 0) {
        self.record = record
        self.transform = transform
        self.seed = seed
    }

    /// Room for `count` images.
    public func makeBatch(count: Int) throws -> SegmentationBatch { SegmentationBatch(count: count, side: transform.side) }

    /// Reads an image and its mask and varies them alike.
    public func fill(_ batch: SegmentationBatch, slot: Int, index: Int, epoch: Int) throws {
        let record = try record(index, epoch)
        var random = RandomStream(seed: seed, epoch: epoch, index: index)
        let (pixels, classes) = batch.slot(slot)
        try transform.write(record, into: pixels, classes: classes, random: &random)
        batch.set(labelledPixels: classes.reduce(0) { $0 + ($1 == 255 ? 0 : 1) }, slot: slot)
    }
}
