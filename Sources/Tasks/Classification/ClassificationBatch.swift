import Datasets
import Torch
import Weights

/// A mini-batch in memory: pixels N, H, W, C (uint8) and targets. Workers fill the slots; the training thread makes tensors of them.
///
/// Unchecked: slots are disjoint memory, each written by one worker before the loader hands the batch over.
public final class ClassificationBatch: @unchecked Sendable {
    /// Images.
    public let count: Int
    private let pixels: BatchPixels
    private let labels: UnsafeMutableBufferPointer<ClassificationLabel>

    init(count: Int, height: Int, width: Int, channels: Int) {
        self.count = count
        pixels = BatchPixels(count: count, height: height, width: width, channels: channels)
        labels = .allocate(capacity: count)
        labels.initialize(repeating: .single(0))
    }

    deinit {
        labels.deinitialize()
        labels.deallocate()
    }

    /// The memory of one image.
    func slot(_ index: Int) -> UnsafeMutableBufferPointer<UInt8> { pixels.slot(index) }

    func setLabel(_ label: ClassificationLabel, slot: Int) { labels[slot] = label }

    /// The normalised input: N, C, H, W in channels-last memory.
    public func input(mean: [Float], std: [Float], dtype: DType, device: Device) throws -> Tensor {
        try pixels.input(mean: mean, std: std, dtype: dtype, device: device)
    }

    /// Class ids: N (int64).
    public func classes(device: Device) throws -> Tensor {
        let ids = labels.map { label -> Int64 in
            if case .single(let id) = label { Int64(id) } else { 0 }
        }
        return try Tensor(ids, device: device)
    }

    /// Multi-hot targets: N, classes (float32).
    public func targets(classCount: Int, device: Device) throws -> Tensor {
        let values = labels.flatMap { label -> [Float] in
            switch label {
            case .multi(let values): values
            case .single(let id): (0..<classCount).map { $0 == id ? 1 : 0 }
            }
        }
        return try Tensor(values, shape: [count, classCount], device: device)
    }
}

/// Fills mini-batches from a data set or a stream.
public struct ClassificationBatchBuilder: BatchBuilder {
    private let record: RecordReader<ClassificationRecord>
    let transform: ClassificationTransform
    let seed: UInt64

    /// Images of a data set. `seed`: of the augmentation; each image of each epoch draws from a stream of its own.
    public init(dataset: ClassificationDataset, transform: ClassificationTransform, seed: UInt64 = 0) {
        self.init(record: { index, _ in try dataset.record(at: index) }, transform: transform, seed: seed)
    }

    init(record: @escaping RecordReader<ClassificationRecord>, transform: ClassificationTransform, seed: UInt64 = 0) {
        self.record = record
        self.transform = transform
        self.seed = seed
    }

    /// Room for `count` images.
    public func makeBatch(count: Int) throws -> ClassificationBatch {
        let input = transform.preprocessing
        return ClassificationBatch(count: count, height: input.height, width: input.width, channels: input.channels)
    }

    /// Reads, varies and crops one image.
    public func fill(_ batch: ClassificationBatch, slot: Int, index: Int, epoch: Int) throws {
        let record = try record(index, epoch)
        var random = RandomStream(seed: seed, epoch: epoch, index: index)
        try transform.write(record.payload, named: record.id, into: batch.slot(slot), random: &random)
        batch.setLabel(record.label, slot: slot)
    }
}
