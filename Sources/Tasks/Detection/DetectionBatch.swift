import Datasets
import Torch
import Weights

/// A mini-batch in memory: pixels N, H, W, 3 (uint8) and the objects of each image.
///
/// Unchecked: slots are disjoint memory, each written by one worker before the loader hands the batch over.
public final class DetectionBatch: @unchecked Sendable {
    /// What a slot holds besides pixels.
    struct Example {
        var name = ""
        var size = PixelSize(width: 0, height: 0)
        var truth: [BoundingBox] = []
        var objects: [BoundingBox] = []
    }

    /// Images.
    public let count: Int
    private let pixels: BatchPixels
    private let examples: UnsafeMutableBufferPointer<Example>

    init(count: Int, size: (width: Int, height: Int)) {
        self.count = count
        pixels = BatchPixels(count: count, height: size.height, width: size.width, channels: 3)
        examples = .allocate(capacity: count)
        examples.initialize(repeating: Example())
    }

    deinit {
        examples.deinitialize()
        examples.deallocate()
    }

    /// The memory of one image.
    func slot(_ index: Int) -> UnsafeMutableBufferPointer<UInt8> { pixels.slot(index) }

    func set(_ example: Example, slot: Int) { examples[slot] = example }

    /// The normalised input: N, C, H, W in channels-last memory.
    public func input(mean: [Float], std: [Float], dtype: DType, device: Device) throws -> Tensor {
        try pixels.input(mean: mean, std: std, dtype: dtype, device: device)
    }

    /// What the network is to find: edges N, M, 4 (left, top, right, bottom as fractions of the input, float32) and classes N, M (int64),
    /// without the background. M is the number of objects in the image that has most, at least 1; class −1 pads, with edges 0.
    public func targets(device: Device) throws -> (boxes: Tensor, classes: Tensor) {
        let most = max(1, examples.lazy.map(\.objects.count).max() ?? 0)
        var edges = [Float](repeating: 0, count: count * most * 4)
        var classes = [Int64](repeating: -1, count: count * most)
        for (slot, example) in examples.enumerated() {
            for (number, box) in example.objects.enumerated() {
                let place = slot * most + number
                classes[place] = Int64(box.classID)
                for (edge, value) in [box.left, box.top, box.right, box.bottom].enumerated() { edges[4 * place + edge] = Float(value) }
            }
        }
        return (
            try Tensor(edges, shape: [count, most, 4], device: device), try Tensor(classes, shape: [count, most], device: device)
        )
    }

    /// The objects of an image as the network is to find them: clipped, and moved as the pixels were; fractions of the input.
    public func objects(slot: Int) -> [BoundingBox] { examples[slot].objects }

    /// The objects of an image as they were annotated: what evaluation compares with. Fractions of the original picture.
    public func truth(slot: Int) -> [BoundingBox] { examples[slot].truth }

    /// The size of an original picture.
    public func size(slot: Int) -> PixelSize { examples[slot].size }

    /// What an error about an image names.
    public func name(slot: Int) -> String { examples[slot].name }
}

/// Fills mini-batches from a data set or a stream.
public struct DetectionBatchBuilder: BatchBuilder {
    private let record: RecordReader<DetectionRecord>
    let transform: DetectionTransform
    let seed: UInt64

    /// Images of a data set. `seed`: of the augmentation; each image of each epoch draws from a stream of its own.
    public init(dataset: DetectionDataset, transform: DetectionTransform, seed: UInt64 = 0) {
        self.init(record: { index, _ in try dataset.record(at: index) }, transform: transform, seed: seed)
    }

    init(record: @escaping RecordReader<DetectionRecord>, transform: DetectionTransform, seed: UInt64 = 0) {
        self.record = record
        self.transform = transform
        self.seed = seed
    }

    /// Room for `count` images.
    public func makeBatch(count: Int) throws -> DetectionBatch {
        DetectionBatch(count: count, size: (transform.preprocessing.width, transform.preprocessing.height))
    }

    /// Reads, varies and stretches one image, and moves its boxes alike.
    public func fill(_ batch: DetectionBatch, slot: Int, index: Int, epoch: Int) throws {
        let record = try record(index, epoch)
        var random = RandomStream(seed: seed, epoch: epoch, index: index)
        let (size, truth, objects) = try transform.write(record, into: batch.slot(slot), random: &random)
        batch.set(DetectionBatch.Example(name: record.id, size: size, truth: truth, objects: objects), slot: slot)
    }
}
