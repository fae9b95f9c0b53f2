import Torch

/// Residual networks for images of about 32 pixels: He et al. 2015, section 4.2: a 3×3 stem, three stages of 16, 32 and 64 channels,
/// depth 6n + 2, shortcuts without weights (option A).
///
/// Weight names: `conv1.weight`, `bn1.…`, `layer{1,2,3}.{0…n−1}.{conv1,bn1,conv2,bn2}.…`, `linear.weight`, `linear.bias`: those of the
/// widely used CIFAR weights for PyTorch. CIFAR-10 accuracy in the paper: 91.25, 92.49, 92.83, 93.03, 93.57 % for 20, 32, 44, 56, 110 layers.
public final class CIFARResNet: ClassificationNetwork {
    let conv1: Conv2d
    let bn1: BatchNorm2d
    let layer1, layer2, layer3: [ShortcutBlock]
    let linear: Linear

    /// Depths that there are.
    public static let depths = [20, 32, 44, 56, 110]

    /// The prefix of the last layer's weight names.
    public static let lastLayer = "linear."

    /// `depth`: one of ``depths``. `classes`: outputs. `channels`: of the image: 3 for colour, 1 for grey.
    public init(depth: Int, classes: Int, channels: Int = 3, seed: UInt64 = 0) throws {
        guard Self.depths.contains(depth) else {
            throw NetworkError(
                "num_layers \(depth) is no ResNet for small images; choose one of \(Self.depths.map(String.init).joined(separator: ", ")).")
        }
        let initialization = Initialization(.heFanIn, seed: seed)
        let count = (depth - 2) / 6

        func stage(_ input: Int, _ width: Int, stride: Int) throws -> [ShortcutBlock] {
            try (0..<count).map { index in
                index == 0
                    ? try ShortcutBlock(input, width, stride: stride, initialization: initialization)
                    : try ShortcutBlock(width, width, stride: 1, initialization: initialization)
            }
        }

        conv1 = try Conv2d(channels, 16, kernel: 3, initialization: initialization)
        bn1 = try BatchNorm2d(16)
        layer1 = try stage(16, 16, stride: 1)
        layer2 = try stage(16, 32, stride: 2)
        layer3 = try stage(32, 64, stride: 2)
        linear = try Linear(64, classes, initialization: initialization)
    }

    /// N, channels, H, W → logits N, classes.
    public func callAsFunction(_ x: Tensor) throws -> Tensor {
        var x = try bn1(conv1(x), relu: true)  // N, 16, H, W
        for block in layer1 { x = try block(x) }  // N, 16, H, W
        for block in layer2 { x = try block(x) }  // N, 32, H/2, W/2
        for block in layer3 { x = try block(x) }  // N, 64, H/4, W/4
        return try linear(globalAveragePool(x))
    }
}

/// Two 3×3 convolutions whose shortcut takes every second pixel and fills the new channels with zeros, half in front, half behind.
final class ShortcutBlock: Module {
    let conv1: Conv2d, bn1: BatchNorm2d
    let conv2: Conv2d, bn2: BatchNorm2d
    private let stride: Int
    private let newChannels: Int

    init(_ input: Int, _ width: Int, stride: Int, initialization: Initialization) throws {
        conv1 = try Conv2d(input, width, kernel: 3, stride: stride, initialization: initialization)
        bn1 = try BatchNorm2d(width)
        conv2 = try Conv2d(width, width, kernel: 3, initialization: initialization)
        bn2 = try BatchNorm2d(width)
        self.stride = stride
        newChannels = width - input
    }

    func shortcut(_ x: Tensor) throws -> Tensor {
        guard stride != 1 || newChannels != 0 else { return x }
        return try x.strided(dim: 2, by: stride).strided(dim: 3, by: stride)
            .padded([0, 0, 0, 0, newChannels / 2, newChannels - newChannels / 2]).channelsLast()
    }

    func callAsFunction(_ x: Tensor) throws -> Tensor {
        let y = try bn1(conv1(x), relu: true)
        return try bn2(conv2(y), adding: shortcut(x), relu: true)
    }
}
