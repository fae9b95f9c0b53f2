import Torch

/// Where the random weights of a fresh network come from. Each layer draws from a stream of its own, so the same seed gives the same
/// weights whatever else the network holds.
public final class Initialization {
    /// A published scheme.
    public enum Scheme: Sendable {
        /// torchvision's ResNet: convolutions He-normal by fan-out (He et al. 2015, section 2.2), linear layers uniform ± 1/√fan-in.
        case torchvision
        /// The CIFAR networks: He-normal by fan-in everywhere.
        case heFanIn
        /// Uniform ± √(6 / (fan-in + fan-out)) (Glorot and Bengio 2010): torchvision's choice for what SSD adds to a backbone.
        case xavier
        /// Uniform ± 1/√fan-in, PyTorch's own default: torchvision's choice for the heads of its segmentation networks.
        case fanIn
    }

    private let scheme: Scheme
    private let seed: UInt64
    private var drawn: UInt64 = 0

    /// `seed`: the same seed gives the same weights.
    public init(_ scheme: Scheme, seed: UInt64) {
        self.scheme = scheme
        self.seed = seed
    }

    /// out, in, kernel height, kernel width.
    func convolution(_ shape: [Int]) throws -> Tensor {
        let area = shape[2] * shape[3]
        if scheme == .fanIn { return try uniform(shape, bound: 1 / Double(shape[1] * area).squareRoot()) }
        if scheme == .xavier { return try uniform(shape, bound: (6 / Double((shape[0] + shape[1]) * area)).squareRoot()) }
        let fan = (scheme == .torchvision ? shape[0] : shape[1]) * area
        return try Tensor.randomNormal(shape, seed: next()) * (2 / Double(fan)).squareRoot()
    }

    /// out, in.
    func linear(_ shape: [Int]) throws -> Tensor {
        switch scheme {
        case .torchvision, .fanIn: return try uniform(shape, bound: 1 / Double(shape[1]).squareRoot())
        case .xavier: return try uniform(shape, bound: (6 / Double(shape[0] + shape[1])).squareRoot())
        case .heFanIn: return try Tensor.randomNormal(shape, seed: next()) * (2 / Double(shape[1])).squareRoot()
        }
    }

    func linearBias(_ count: Int, fanIn: Int) throws -> Tensor {
        try uniform([count], bound: 1 / Double(fanIn).squareRoot())
    }

    private func uniform(_ shape: [Int], bound: Double) throws -> Tensor {
        try .randomUniform(shape, in: -bound...bound, seed: next())
    }

    /// SplitMix64's number for the seed and the number of tensors drawn so far.
    private func next() -> UInt64 {
        drawn += 1
        return splitMix64(seed &+ (drawn &- 1) &* 0x9E37_79B9_7F4A_7C15)
    }
}

/// The first number of SplitMix64 (Steele, Lea and Flood 2014) after `state`.
func splitMix64(_ state: UInt64) -> UInt64 {
    var z = state &+ 0x9E37_79B9_7F4A_7C15
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
}
