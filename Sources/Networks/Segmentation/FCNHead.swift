import Torch

/// A 3×3 convolution to a quarter of the channels, then the scores (Long, Shelhamer and Darrell, "Fully Convolutional Networks", 2015, in
/// the form that torchvision and GluonCV train). Names `0`, `1`, `4`: a sequence in which ReLU and dropout are counted.
final class FCNHead: SegmentationHead {
    let narrow: ConvNormReLU
    let dropout: Dropout
    let scores: Conv2d

    init(_ input: Int, classes: Int, initialization: Initialization, seed: UInt64) throws {
        narrow = try ConvNormReLU(input, input / 4, kernel: 3, initialization: initialization)
        dropout = Dropout(0.1, seed: seed)
        scores = try Conv2d(input / 4, classes, kernel: 1, bias: true, initialization: initialization)
    }

    func callAsFunction(_ x: Tensor) throws -> Tensor { try scores(dropout(narrow(x))) }

    var children: [(name: String, module: any Module)] { narrow.children + [("3", dropout), ("4", scores)] }

    func prepared(dtype: DType) throws -> (Tensor) throws -> Tensor {
        let (narrow, scores) = (try narrow.prepared(dtype: dtype), try scores.prepared(relu: false, dtype: dtype))
        return { try scores(narrow($0)) }
    }
}
