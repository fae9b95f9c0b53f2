import Torch

/// Atrous spatial pyramid pooling, a 3×3 convolution, the scores: DeepLabV3 (Chen et al., "Rethinking Atrous Convolution", 2017, section
/// 3.3), as torchvision builds it. Names `0.…` (the pyramid), `1`, `2`, `4`.
final class DeepLabHead: SegmentationHead {
    let pyramid: AtrousPyramid
    let smooth: ConvNormReLU
    let scores: Conv2d

    init(_ input: Int, classes: Int, initialization: Initialization, seed: UInt64) throws {
        pyramid = try AtrousPyramid(input, initialization: initialization, seed: seed)
        smooth = try ConvNormReLU(AtrousPyramid.width, AtrousPyramid.width, kernel: 3, position: 1, initialization: initialization)
        scores = try Conv2d(AtrousPyramid.width, classes, kernel: 1, bias: true, initialization: initialization)
    }

    func callAsFunction(_ x: Tensor) throws -> Tensor { try scores(smooth(pyramid(x))) }

    var children: [(name: String, module: any Module)] { [("0", pyramid)] + smooth.children + [("4", scores)] }

    func prepared(dtype: DType) throws -> (Tensor) throws -> Tensor {
        let (pyramid, smooth) = (try pyramid.prepared(dtype: dtype), try smooth.prepared(dtype: dtype))
        let scores = try scores.prepared(relu: false, dtype: dtype)
        return { try scores(smooth(pyramid($0))) }
    }
}

/// A 1×1 convolution, three 3×3 ones of rates 12, 24 and 36 and the image's mean beside each other, then 1×1 to 256 channels.
///
/// The mean is taken over whatever map comes, so every size of image works. Names `convs.0` … `convs.4`, `project`.
final class AtrousPyramid: Module {
    let convs: [ConvNormReLU]
    let mean: ConvNormReLU
    let project: ConvNormReLU
    let dropout: Dropout

    /// For a map of which each pixel stands for 8 of the image.
    static let rates = [12, 24, 36]
    /// Channels of each branch and of the result.
    static let width = 256

    init(_ input: Int, initialization: Initialization, seed: UInt64) throws {
        convs =
            [try ConvNormReLU(input, Self.width, kernel: 1, initialization: initialization)]
            + (try Self.rates.map { try ConvNormReLU(input, Self.width, kernel: 3, dilation: $0, initialization: initialization) })
        mean = try ConvNormReLU(input, Self.width, kernel: 1, position: 1, initialization: initialization)
        project = try ConvNormReLU((Self.rates.count + 2) * Self.width, Self.width, kernel: 1, initialization: initialization)
        dropout = Dropout(0.5, seed: seed)
    }

    func callAsFunction(_ x: Tensor) throws -> Tensor {
        let shape = x.shape
        let branches = try convs.map { try $0(x) }
        let pooled = try mean(globalAveragePool(x).reshaped([shape[0], shape[1], 1, 1]).channelsLast())
        return try dropout(project(.concatenating(branches + [pooled.expanded([-1, -1, shape[2], shape[3]])], dim: 1).channelsLast()))
    }

    var children: [(name: String, module: any Module)] {
        convs.enumerated().map { ("convs.\($0)", $1) } + [("convs.\(convs.count)", mean), ("project", project), ("project.3", dropout)]
    }

    func prepared(dtype: DType) throws -> (Tensor) throws -> Tensor {
        let (convs, mean) = (try convs.map { try $0.prepared(dtype: dtype) }, try mean.prepared(dtype: dtype))
        let project = try SplitConvolution(project, widths: Array(repeating: Self.width, count: convs.count + 1), dtype: dtype)
        return { x in
            let shape = x.shape
            let pooled = {
                try mean(globalAveragePool(x).reshaped([shape[0], shape[1], 1, 1]).channelsLast())
                    .expanded([-1, -1, shape[2], shape[3]]).channelsLast()
            }
            return try project(convs.map { conv in { try conv(x) } } + [pooled])
        }
    }
}
