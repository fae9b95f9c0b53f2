import Torch

/// SSD on a residual network: maps from the end of its third stage and five extra layers, or six from 448 pixels on.
///
/// The third stage keeps the second one's size (its stride is taken away) and the fourth is left out: so the first map has a pixel for
/// every 8 of the image, as with VGG-16, and the anchors are the same. With strides of 16 and 32, as in MXNet's example, two cells of
/// 20 pixels share a pixel of the finest map and no anchor fits them. NVIDIA's SSD300 is built in the same way and reaches 26.8 COCO
/// mAP on ResNet-50 (DeepLearningExamples, PyTorch/Detection/SSD), at less than half of VGG-16's arithmetic.
public final class SSDResNet: DetectionNetwork {
    let backbone: SSDResNetBackbone
    let head: SSDHead
    /// The default boxes.
    public let anchors: AnchorBoxes

    /// Depths that there are.
    public static let depths = [18, 34, 50, 101]

    /// `depth`: one of ``depths``. `classes`: without the background. `size`: of the images in pixels, at least 300.
    public init(depth: Int, classes: Int, size: Int, seed: UInt64 = 0) throws {
        let added = Initialization(.xavier, seed: seed &+ 1)
        backbone = try SSDResNetBackbone(depth: depth, size: size, backbone: Initialization(.torchvision, seed: seed), added: added)
        head = try SSDHead(
            channels: backbone.channels, perPixel: AnchorBoxes.perPixel(size: size), classes: classes, initialization: added)
        anchors = AnchorBoxes(size: size, sides: backbone.sides(size: size))
    }

    /// N, 3, S, S, normalised, channels-last → scores and offsets of all anchors.
    public func callAsFunction(_ x: Tensor) throws -> DetectionOutput { try head(backbone(x)) }
}

/// The feature maps of an SSD on a residual network; names `conv1`, `bn1`, `layer1` … `layer3`, `extra.N.…`.
final class SSDResNetBackbone: Module {
    let conv1: Conv2d
    let bn1: BatchNorm2d
    let layer1, layer2, layer3: [any ResidualBlock]
    let extra: [NormalizedSSDExtra]

    init(depth: Int, size: Int, backbone: Initialization, added: Initialization) throws {
        guard let counts = ResNet.blocks[depth], SSDResNet.depths.contains(depth) else {
            throw NetworkError("There is no SSD on a ResNet of \(depth) layers; choose one of 18, 34, 50, 101.")
        }
        let expansion = ResNet.expansion(depth: depth)
        func stage(_ input: Int, width: Int, count: Int, stride: Int) throws -> [any ResidualBlock] {
            try ResNet.stage(
                input, width: width, count: count, stride: stride, bottleneck: ResNet.isBottleneck(depth: depth), initialization: backbone)
        }
        conv1 = try Conv2d(3, 64, kernel: 7, stride: 2, initialization: backbone)
        bn1 = try BatchNorm2d(64)
        layer1 = try stage(64, width: 64, count: counts[0], stride: 1)
        layer2 = try stage(64 * expansion, width: 128, count: counts[1], stride: 2)
        layer3 = try stage(128 * expansion, width: 256, count: counts[2], stride: 1)

        let isSixMaps = AnchorBoxes.mapCount(size: size) == 6
        let shapes = [(256, 512), (256, 512), (128, 256), (128, 256), (128, 256)] + (isSixMaps ? [] : [(128, 256)])
        var input = 256 * expansion
        extra = try shapes.enumerated().map { index, shape in
            defer { input = shape.1 }
            let halves = index < 3 || !isSixMaps
            return try NormalizedSSDExtra(
                input, shape.0, shape.1, stride: halves ? 2 : 1, padding: halves ? 1 : 0, initialization: added)
        }
    }

    /// Channels of the maps.
    var channels: [Int] { extra.prefix(1).map(\.inputs) + extra.map(\.outputs) }

    /// Sides of the maps for images of a size.
    func sides(size: Int) -> [Int] {
        let first = (((size + 1) / 2 + 1) / 2 + 1) / 2
        return extra.reduce([first]) { sides, extra in sides + [extra.side(sides.last ?? 0)] }
    }

    func callAsFunction(_ x: Tensor) throws -> [Tensor] {
        var x = try bn1(conv1(x.channelsLast()), relu: true)  // N, 64, S/2, S/2
        x = try maxPool2d(x, kernel: 3, stride: 2, padding: 1)  // S/4
        for block in layer1 + layer2 + layer3 { x = try block(x) }  // S/4, S/8, S/8
        var maps = [x]
        for extra in extra { maps.append(try extra(maps[maps.count - 1])) }
        return maps
    }
}

/// 1×1 down, 3×3, each with batch norm and ReLU: a coarser map. Names `0`, `1`, `3`, `4`: a sequence in which ReLU is counted.
final class NormalizedSSDExtra: Module {
    let narrow, wide: Conv2d
    let narrowNorm, wideNorm: BatchNorm2d

    init(_ input: Int, _ width: Int, _ output: Int, stride: Int, padding: Int, initialization: Initialization) throws {
        narrow = try Conv2d(input, width, kernel: 1, initialization: initialization)
        narrowNorm = try BatchNorm2d(width)
        wide = try Conv2d(width, output, kernel: 3, stride: stride, padding: padding, initialization: initialization)
        wideNorm = try BatchNorm2d(output)
    }

    var inputs: Int { narrow.weight.shape[1] }
    var outputs: Int { wide.weight.shape[0] }

    func side(_ input: Int) -> Int { (input + 2 * wide.padding - 3) / wide.stride + 1 }

    func callAsFunction(_ x: Tensor) throws -> Tensor {
        try wideNorm(wide(narrowNorm(narrow(x), relu: true)), relu: true)
    }

    var children: [(name: String, module: any Module)] { [("0", narrow), ("1", narrowNorm), ("3", wide), ("4", wideNorm)] }
}
