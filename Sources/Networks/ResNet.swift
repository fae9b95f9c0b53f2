import Torch

/// Residual networks for large images: He et al., "Deep Residual Learning for Image Recognition" (2015), table 1, in the form that
/// torchvision trains (v1.5: the stride sits on the 3×3 convolution of a bottleneck), with torchvision's weight names.
///
/// Depth 200 is the paper's successor's ("Identity Mappings in Deep Residual Networks", 2016) arrangement of blocks, post-activation
/// like the others. ImageNet top-1 of torchvision's weights (V1): 69.8, 73.3, 76.1, 77.4, 78.3 % for 18, 34, 50, 101, 152 layers.
public final class ResNet: ClassificationNetwork {
    let conv1: Conv2d
    let bn1: BatchNorm2d
    let layer1, layer2, layer3, layer4: [any ResidualBlock]
    let fc: Linear

    /// Depths that there are.
    public static let depths = [18, 34, 50, 101, 152, 200]

    /// The prefix of the last layer's weight names.
    public static let lastLayer = "fc."

    /// The depth that has these numbers of blocks in its four stages.
    static func depth(blocks counts: [Int], bottleneck: Bool) -> Int? {
        depths.first { blocks[$0] == counts && isBottleneck(depth: $0) == bottleneck }
    }

    static let blocks: [Int: [Int]] = [
        18: [2, 2, 2, 2], 34: [3, 4, 6, 3], 50: [3, 4, 6, 3], 101: [3, 4, 23, 3], 152: [3, 8, 36, 3], 200: [3, 24, 36, 3],
    ]

    static func isBottleneck(depth: Int) -> Bool { depth >= 50 }

    /// How many times a stage's width its output has.
    static func expansion(depth: Int) -> Int { isBottleneck(depth: depth) ? 4 : 1 }

    /// A stage of `count` blocks, the first of which has the stride and a dilation of its own.
    static func stage(
        _ input: Int, width: Int, count: Int, stride: Int, bottleneck: Bool, dilation: (first: Int, rest: Int) = (1, 1),
        initialization: Initialization
    ) throws -> [any ResidualBlock] {
        try (0..<count).map { index in
            let (from, step, apart) =
                index == 0 ? (input, stride, dilation.first) : (width * (bottleneck ? 4 : 1), 1, dilation.rest)
            return bottleneck
                ? try Bottleneck(from, width: width, stride: step, dilation: apart, initialization: initialization)
                : try BasicBlock(from, width: width, stride: step, dilation: apart, initialization: initialization)
        }
    }

    /// `depth`: one of ``depths``. `classes`: outputs. `channels`: of the image: 3 for colour, 1 for grey.
    public init(depth: Int, classes: Int, channels: Int = 3, seed: UInt64 = 0) throws {
        guard let counts = Self.blocks[depth] else {
            throw NetworkError(
                "num_layers \(depth) is no ResNet for large images; choose one of \(Self.depths.map(String.init).joined(separator: ", ")).")
        }
        let initialization = Initialization(.torchvision, seed: seed)
        let bottleneck = Self.isBottleneck(depth: depth)
        let expansion = Self.expansion(depth: depth)

        func stage(_ input: Int, width: Int, count: Int, stride: Int) throws -> [any ResidualBlock] {
            try Self.stage(input, width: width, count: count, stride: stride, bottleneck: bottleneck, initialization: initialization)
        }

        conv1 = try Conv2d(channels, 64, kernel: 7, stride: 2, initialization: initialization)
        bn1 = try BatchNorm2d(64)
        layer1 = try stage(64, width: 64, count: counts[0], stride: 1)
        layer2 = try stage(64 * expansion, width: 128, count: counts[1], stride: 2)
        layer3 = try stage(128 * expansion, width: 256, count: counts[2], stride: 2)
        layer4 = try stage(256 * expansion, width: 512, count: counts[3], stride: 2)
        fc = try Linear(512 * expansion, classes, initialization: initialization)
    }

    /// N, channels, H, W → logits N, classes.
    public func callAsFunction(_ x: Tensor) throws -> Tensor {
        var x = try bn1(conv1(x), relu: true)  // N, 64, H/2, W/2
        x = try maxPool2d(x, kernel: 3, stride: 2, padding: 1)  // N, 64, H/4, W/4
        for block in layer1 { x = try block(x) }  // N, 64·e, H/4, W/4 where e is 4 for bottlenecks and 1 otherwise
        for block in layer2 { x = try block(x) }  // N, 128·e, H/8, W/8
        for block in layer3 { x = try block(x) }  // N, 256·e, H/16, W/16
        for block in layer4 { x = try block(x) }  // N, 512·e, H/32, W/32
        return try fc(globalAveragePool(x))
    }
}

/// A block whose output is its input plus what its convolutions make of it.
protocol ResidualBlock: Module {
    func callAsFunction(_ x: Tensor) throws -> Tensor
    /// The block with its batch norms folded into its convolutions.
    func folded(dtype: DType) throws -> FoldedBlock
}

/// The 1×1 convolution on the shortcut where the shape changes (option B); names `downsample.0`, `downsample.1`.
final class Downsample: Module {
    let conv: Conv2d
    let norm: BatchNorm2d

    init(_ input: Int, _ output: Int, stride: Int, initialization: Initialization) throws {
        conv = try Conv2d(input, output, kernel: 1, stride: stride, initialization: initialization)
        norm = try BatchNorm2d(output)
    }

    func callAsFunction(_ x: Tensor) throws -> Tensor { try norm(conv(x)) }

    /// torchvision's shortcut is a sequence, so its weights are numbered.
    var children: [(name: String, module: any Module)] { [("0", conv), ("1", norm)] }
}

/// Two 3×3 convolutions (the paper's figure 5, left).
final class BasicBlock: ResidualBlock {
    let conv1: Conv2d, bn1: BatchNorm2d
    let conv2: Conv2d, bn2: BatchNorm2d
    let downsample: Downsample?

    init(_ input: Int, width: Int, stride: Int, dilation: Int = 1, initialization: Initialization) throws {
        conv1 = try Conv2d(input, width, kernel: 3, stride: stride, dilation: dilation, initialization: initialization)
        bn1 = try BatchNorm2d(width)
        conv2 = try Conv2d(width, width, kernel: 3, dilation: dilation, initialization: initialization)
        bn2 = try BatchNorm2d(width)
        downsample = stride != 1 || input != width ? try Downsample(input, width, stride: stride, initialization: initialization) : nil
    }

    func callAsFunction(_ x: Tensor) throws -> Tensor {
        try bn2(bn1.rectified(conv1(x), into: conv2), adding: downsample?(x) ?? x, relu: true)
    }
}

/// 1×1 down, 3×3, 1×1 up to four times the width (the paper's figure 5, right).
final class Bottleneck: ResidualBlock {
    let conv1: Conv2d, bn1: BatchNorm2d
    let conv2: Conv2d, bn2: BatchNorm2d
    let conv3: Conv2d, bn3: BatchNorm2d
    let downsample: Downsample?

    init(_ input: Int, width: Int, stride: Int, dilation: Int = 1, initialization: Initialization) throws {
        let output = width * 4
        conv1 = try Conv2d(input, width, kernel: 1, initialization: initialization)
        bn1 = try BatchNorm2d(width)
        conv2 = try Conv2d(width, width, kernel: 3, stride: stride, dilation: dilation, initialization: initialization)
        bn2 = try BatchNorm2d(width)
        conv3 = try Conv2d(width, output, kernel: 1, initialization: initialization)
        bn3 = try BatchNorm2d(output)
        downsample = stride != 1 || input != output ? try Downsample(input, output, stride: stride, initialization: initialization) : nil
    }

    func callAsFunction(_ x: Tensor) throws -> Tensor {
        let y = try bn1.rectified(conv1(x), into: conv2)
        return try bn3(bn2.rectified(y, into: conv3), adding: downsample?(x) ?? x, relu: true)
    }
}
