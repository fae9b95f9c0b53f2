import Torch

/// The convolutions of VGG-16 (Simonyan and Zisserman 2015, configuration D): five stages of 3×3 convolutions with ReLU, a max-pool
/// behind each. Its names are torchvision's without the prefix `features.`: `0.weight` is conv1_1.
public final class VGG16: Module {
    /// The stages' convolutions: conv1_1, conv1_2; conv2_1, …; conv5_3.
    public let stages: [[Conv2d]]

    /// Output channels of the convolutions, by stage.
    static let widths = [[64, 64], [128, 128], [256, 256, 256], [512, 512, 512], [512, 512, 512]]

    /// torchvision's numbers of the convolutions, by stage: ReLUs and pools are counted too.
    static let numbers = [[0, 2], [5, 7], [10, 12, 14], [17, 19, 21], [24, 26, 28]]

    /// Fresh weights, He-normal by fan-out as torchvision's.
    public convenience init(seed: UInt64 = 0) throws { try self.init(initialization: Initialization(.torchvision, seed: seed)) }

    init(initialization: Initialization) throws {
        var input = 3
        stages = try Self.widths.map { stage in
            try stage.map { width in
                defer { input = width }
                return try Conv2d(input, width, kernel: 3, bias: true, initialization: initialization)
            }
        }
    }

    /// The convolutions under torchvision's numbers.
    public var children: [(name: String, module: any Module)] { Self.children(stages, numbers: Self.numbers) }

    static func children(_ stages: [[Conv2d]], numbers: [[Int]]) -> [(name: String, module: any Module)] {
        zip(stages, numbers).flatMap { zip($0, $1).map { (String($1), $0) } }
    }

    /// The pools behind the first four stages. torchvision's SSD rounds the third one's size up, as the paper's Caffe does everywhere.
    static func pooling(behind stage: Int) -> MaxPooling { MaxPooling(kernel: 2, stride: 2, roundsUp: stage == 2) }

    /// A stage's output before the pool, and behind it where one is given.
    static func run(_ stage: [Conv2d], _ x: Tensor, pooling: MaxPooling? = nil) throws -> Tensor {
        var x = x
        for convolution in stage.dropLast() { x = try convolution.rectified(x) }
        return try stage.last?.rectified(x, pooling: pooling) ?? x
    }

    /// The stages' outputs before their pools, sizes rounded up by every pool: N, 3, H, W, normalised → five maps of 64 to 512 channels.
    public func features(_ x: Tensor) throws -> [Tensor] {
        var maps: [Tensor] = []
        for stage in stages {
            let input = try maps.last.map { try maxPool2d($0, MaxPooling(kernel: 2, stride: 2, roundsUp: true)) } ?? x
            maps.append(try Self.run(stage, input))
        }
        return maps
    }
}
