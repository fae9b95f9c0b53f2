import Torch

/// A residual network whose last two stages keep the second one's size: strides become dilations, so that every pixel of the map stands
/// for 8 of the image and no weight changes (Yu and Koltun 2016; Chen et al., "Rethinking Atrous Convolution", 2017).
///
/// torchvision's `replace_stride_with_dilation=[False, True, True]`: the first block of a stage has the dilation of the stage before it,
/// the others twice or four times that. torchvision refuses this for the basic blocks of 18 and 34 layers; here both their convolutions
/// follow the same rule.
final class DilatedResNet: Module {
    let conv1: Conv2d
    let bn1: BatchNorm2d
    let layer1, layer2, layer3, layer4: [any ResidualBlock]
    /// Channels of the third and the fourth stage's map.
    let channels: (third: Int, last: Int)

    /// Depths that there are.
    static let depths = [18, 34, 50, 101]

    init(depth: Int, initialization: Initialization) throws {
        guard let counts = ResNet.blocks[depth], Self.depths.contains(depth) else {
            throw NetworkError("There is no dilated ResNet of \(depth) layers; choose one of 18, 34, 50, 101.")
        }
        let expansion = ResNet.expansion(depth: depth)
        func stage(_ input: Int, width: Int, count: Int, stride: Int = 1, dilation: (first: Int, rest: Int) = (1, 1)) throws
            -> [any ResidualBlock]
        {
            try ResNet.stage(
                input, width: width, count: count, stride: stride, bottleneck: ResNet.isBottleneck(depth: depth), dilation: dilation,
                initialization: initialization)
        }
        conv1 = try Conv2d(3, 64, kernel: 7, stride: 2, initialization: initialization)
        bn1 = try BatchNorm2d(64)
        layer1 = try stage(64, width: 64, count: counts[0])
        layer2 = try stage(64 * expansion, width: 128, count: counts[1], stride: 2)
        layer3 = try stage(128 * expansion, width: 256, count: counts[2], dilation: (1, 2))
        layer4 = try stage(256 * expansion, width: 512, count: counts[3], dilation: (2, 4))
        channels = (256 * expansion, 512 * expansion)
    }

    /// The maps of the third and the fourth stage: N, C, H / 8, W / 8, rounded up.
    func callAsFunction(_ x: Tensor) throws -> (third: Tensor, last: Tensor) {
        var x = try bn1(conv1(x.channelsLast()), relu: true)  // N, 64, H/2, W/2
        x = try maxPool2d(x, kernel: 3, stride: 2, padding: 1)  // H/4
        for block in layer1 + layer2 + layer3 { x = try block(x) }  // H/4, H/8, H/8
        let third = x
        for block in layer4 { x = try block(x) }  // H/8
        return (third, x)
    }

    /// The fourth stage's map, with batch norms folded.
    func prepared(dtype: DType) throws -> (Tensor) throws -> Tensor {
        let stem = try conv1.prepared(with: bn1, relu: true, dtype: dtype)
        let blocks = try (layer1 + layer2 + layer3 + layer4).map { try $0.folded(dtype: dtype) }
        return { x in
            // The stem's map is the largest by far: it must not outlive the pool.
            var x = try maxPool2d(stem(x), kernel: 3, stride: 2, padding: 1)
            for block in blocks { x = try block(x) }
            return x
        }
    }
}
