import Imaging
import Torch

/// The pixels of a mini-batch in memory: N, H, W, C (uint8). Workers fill the slots; the training thread makes a tensor of them.
///
/// Unchecked: slots are disjoint memory, each written by one worker before the loader hands the batch over.
final class BatchPixels: @unchecked Sendable {
    let shape: (count: Int, height: Int, width: Int, channels: Int)
    private let pixels: UnsafeMutableBufferPointer<UInt8>

    init(count: Int, height: Int, width: Int, channels: Int) {
        shape = (count, height, width, channels)
        pixels = .allocate(capacity: count * height * width * channels)
    }

    /// Images of one size in a row; there is at least one.
    convenience init(_ images: [Image]) {
        self.init(count: images.count, height: images[0].height, width: images[0].width, channels: images[0].channels)
        for (index, image) in images.enumerated() { _ = slot(index).update(fromContentsOf: image.pixels) }
    }

    deinit { pixels.deallocate() }

    /// The memory of one image.
    func slot(_ index: Int) -> UnsafeMutableBufferPointer<UInt8> {
        let size = shape.height * shape.width * shape.channels
        return UnsafeMutableBufferPointer(rebasing: pixels[index * size..<(index + 1) * size])
    }

    /// The normalised input: N, C, H, W in channels-last memory.
    func input(mean: [Float], std: [Float], dtype: DType, device: Device) throws -> Tensor {
        try normalizeImages(bytes(on: device), mean: mean, std: std, dtype: dtype)
    }

    /// The values as they are: N, H, W, C (uint8).
    func bytes(on device: Device) throws -> Tensor {
        try Tensor(
            bytes: UnsafeRawBufferPointer(pixels), shape: [shape.count, shape.height, shape.width, shape.channels], dtype: .uint8,
            device: device)
    }
}
