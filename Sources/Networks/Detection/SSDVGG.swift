import Torch

/// SSD on VGG-16 (Liu et al., "SSD: Single Shot MultiBox Detector", 2016, figure 2), with torchvision's weight names
/// (`ssd300_vgg16`): maps from conv4_3 (L2-normalised, Liu et al., "ParseNet", 2015), fc7 and four extra layers, or five from 448 pixels
/// on (SSD512).
///
/// Published: 25.1 COCO mAP (torchvision, 300 pixels), 77.6 and 79.2 VOC07 mAP at 300 and 512 (GluonCV).
public final class SSDVGG: DetectionNetwork {
    let backbone: SSDVGGBackbone
    let head: SSDHead
    /// The default boxes.
    public let anchors: AnchorBoxes

    /// `classes`: without the background. `size`: of the images in pixels, at least 300.
    public init(classes: Int, size: Int, seed: UInt64 = 0) throws {
        let added = Initialization(.xavier, seed: seed &+ 1)
        backbone = try SSDVGGBackbone(size: size, backbone: Initialization(.torchvision, seed: seed), added: added)
        head = try SSDHead(
            channels: [512, 1024] + backbone.extras.map(\.outputs), perPixel: AnchorBoxes.perPixel(size: size), classes: classes,
            initialization: added)
        anchors = AnchorBoxes(size: size, sides: backbone.sides(size: size))
    }

    /// N, 3, S, S, normalised, channels-last → scores and offsets of all anchors.
    public func callAsFunction(_ x: Tensor) throws -> DetectionOutput { try head(backbone(x)) }
}

/// The feature maps of an SSD on VGG-16; names `features.N`, `scale_weight`, `extra.N.…`.
final class SSDVGGBackbone: Module {
    let vgg: VGG16
    /// The factors of the normalised conv4_3, which begin at 20.
    let scale: Tensor
    /// VGG-16's fully connected layers as convolutions over a quarter of their channels: 3×3 with holes (Chen et al. 2015), and 1×1.
    let fc6, fc7: Conv2d
    let extras: [SSDExtra]

    /// The fifth pool neither halves the size nor rounds.
    static let lastPooling = MaxPooling(kernel: 3, stride: 1, padding: 1)
    static let scaledChannels = 512

    init(size: Int, backbone: Initialization, added: Initialization) throws {
        vgg = try VGG16(initialization: backbone)
        scale = try Tensor(20, shape: [Self.scaledChannels]).requiringGradient()
        fc6 = try Conv2d(512, 1024, kernel: 3, padding: 6, dilation: 6, bias: true, initialization: added)
        fc7 = try Conv2d(1024, 1024, kernel: 1, bias: true, initialization: added)
        func extra(_ input: Int, _ width: Int, _ output: Int, kernel: Int = 3, stride: Int, padding: Int) throws -> SSDExtra {
            try SSDExtra(input, width, output, kernel: kernel, stride: stride, padding: padding, initialization: added)
        }
        let first = try [extra(1024, 256, 512, stride: 2, padding: 1), extra(512, 128, 256, stride: 2, padding: 1)]
        extras =
            AnchorBoxes.mapCount(size: size) == 6
            ? first + [try extra(256, 128, 256, stride: 1, padding: 0), try extra(256, 128, 256, stride: 1, padding: 0)]
            : first + [
                try extra(256, 128, 256, stride: 2, padding: 1), try extra(256, 128, 256, stride: 2, padding: 1),
                try extra(256, 128, 256, kernel: 4, stride: 1, padding: 1),
            ]
    }

    /// Sides of the maps for images of a size.
    func sides(size: Int) -> [Int] {
        let third = (size / 2 / 2 + 1) / 2
        return extras.reduce([third, third / 2]) { sides, extra in sides + [extra.side(sides.last ?? 0)] }
    }

    func callAsFunction(_ x: Tensor) throws -> [Tensor] {
        var x = try x.channelsLast()
        for stage in 0..<3 { x = try VGG16.run(vgg.stages[stage], x, pooling: VGG16.pooling(behind: stage)) }  // 300 → 150 → 75 → 38
        x = try VGG16.run(vgg.stages[3], x)
        var maps = [try l2NormalizeChannels(x, scale: scale)]  // N, 512, 38, 38
        x = try maxPool2d(x, VGG16.pooling(behind: 3))
        x = try VGG16.run(vgg.stages[4], x, pooling: Self.lastPooling)
        maps.append(try fc7.rectified(fc6.rectified(x)))  // N, 1024, 19, 19
        for extra in extras { maps.append(try extra(maps[maps.count - 1])) }  // 10, 5, 3, 1
        return maps
    }

    /// The scale is no slope of a layer's input and so spared by weight decay, as MXNet's rule of names spares it.
    var ownTensors: [NamedTensor] { [NamedTensor("scale_weight", scale, .bias)] }

    var children: [(name: String, module: any Module)] {
        VGG16.children(Array(vgg.stages[..<4]), numbers: VGG16.numbers).map { ("features.\($0.name)", $0.module) }
            + zip([1, 3, 5], vgg.stages[4]).map { ("extra.0.\($0)", $1) } + [("extra.0.7.1", fc6), ("extra.0.7.3", fc7)]
            + extras.enumerated().map { ("extra.\($0 + 1)", $1) }
    }
}

/// 1×1 down, 3×3 with a stride or without a margin: a coarser map. Names `0`, `2`: torchvision counts the ReLU.
final class SSDExtra: Module {
    let narrow, wide: Conv2d
    let kernel: Int

    init(_ input: Int, _ width: Int, _ output: Int, kernel: Int, stride: Int, padding: Int, initialization: Initialization) throws {
        narrow = try Conv2d(input, width, kernel: 1, bias: true, initialization: initialization)
        wide = try Conv2d(width, output, kernel: kernel, stride: stride, padding: padding, bias: true, initialization: initialization)
        self.kernel = kernel
    }

    var outputs: Int { wide.weight.shape[0] }

    func side(_ input: Int) -> Int { (input + 2 * wide.padding - kernel) / wide.stride + 1 }

    func callAsFunction(_ x: Tensor) throws -> Tensor { try wide.rectified(narrow.rectified(x)) }

    var children: [(name: String, module: any Module)] { [("0", narrow), ("2", wide)] }
}
