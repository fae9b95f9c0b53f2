import Torch

/// Pyramid pooling, a 3×3 convolution to 512 channels, the scores: PSPNet (Zhao et al., "Pyramid Scene Parsing Network", 2017, figure 3),
/// as GluonCV builds it. Names `0.…` (the pyramid), `1`, `2`, `5`: a sequence in which ReLU and dropout are counted.
final class PSPHead: SegmentationHead {
    let pyramid: PoolingPyramid
    let narrow: ConvNormReLU
    let dropout: Dropout
    let scores: Conv2d

    init(_ input: Int, classes: Int, initialization: Initialization, seed: UInt64) throws {
        pyramid = try PoolingPyramid(input, initialization: initialization)
        narrow = try ConvNormReLU(pyramid.widths.reduce(0, +), input / 4, kernel: 3, position: 1, initialization: initialization)
        dropout = Dropout(0.1, seed: seed)
        scores = try Conv2d(input / 4, classes, kernel: 1, bias: true, initialization: initialization)
    }

    func callAsFunction(_ x: Tensor) throws -> Tensor {
        try scores(dropout(narrow(.concatenating(pyramid.maps(x).map { try $0() }, dim: 1).channelsLast())))
    }

    var children: [(name: String, module: any Module)] {
        [("0", pyramid)] + narrow.children + [("4", dropout), ("5", scores)]
    }

    func prepared(dtype: DType) throws -> (Tensor) throws -> Tensor {
        let convs = try pyramid.convs.map { try $0.prepared(dtype: dtype) }
        let narrow = try SplitConvolution(narrow, widths: pyramid.widths, dtype: dtype)
        let scores = try scores.prepared(relu: false, dtype: dtype)
        return { try scores(narrow(PoolingPyramid.maps($0) { level, pooled in try convs[level](pooled) })) }
    }
}

/// The map and its means over 1, 4, 9 and 36 windows, each brought to a quarter of the channels and back to the map's size.
///
/// The windows follow the map, so every size of image works. They are enlarged with corners on corners, as the authors' code and GluonCV
/// have it. Names `convs.0` … `convs.3`.
final class PoolingPyramid: Module {
    let convs: [ConvNormReLU]
    /// Channels of the maps beside each other.
    let widths: [Int]

    /// Windows along a side.
    static let sides = [1, 2, 3, 6]

    init(_ input: Int, initialization: Initialization) throws {
        convs = try Self.sides.map { _ in try ConvNormReLU(input, input / 4, kernel: 1, position: 1, initialization: initialization) }
        widths = [input] + convs.map { _ in input / 4 }
    }

    func maps(_ x: Tensor) -> [() throws -> Tensor] { Self.maps(x) { level, pooled in try self.convs[level](pooled) } }

    /// The maps, each made when it is asked for; `narrowed` is given a level and its means.
    static func maps(_ x: Tensor, narrowed: @escaping (Int, Tensor) throws -> Tensor) -> [() throws -> Tensor] {
        let shape = x.shape
        return [{ x }]
            + sides.enumerated().map { level, side in
                {
                    let pooled = try narrowed(level, adaptiveAveragePool(x, side: side).channelsLast())
                    return try resizeBilinear(pooled, height: shape[2], width: shape[3], alignsCorners: true).channelsLast()
                }
            }
    }
}
