import Torch

/// Zeroes a share of the numbers in training and enlarges the others to make up for it (Srivastava et al., "Dropout", 2014).
///
/// Which ones is a function of the layer's seed and of the number of the update, not of a generator that moves on: a run that is
/// resumed drops what it would have dropped, and nothing has to be kept for that.
public final class Dropout: Module {
    /// The share of the numbers that are zeroed: 0 ..< 1.
    public var rate: Double
    /// The number of the update that the next passes belong to. The training loop counts it.
    public var update = 0 { didSet { passes = 0 } }
    private let seed: UInt64
    /// Passes in this update, each of which drops other numbers.
    private var passes: UInt64 = 0
    private var isTraining = true

    /// `seed`: another one for each layer of a network.
    public init(_ rate: Double, seed: UInt64) {
        self.rate = rate
        self.seed = seed
    }

    /// The same shape.
    public func callAsFunction(_ x: Tensor) throws -> Tensor {
        guard isTraining, rate > 0 else { return x }
        passes += 1
        let stream = splitMix64(splitMix64(seed) ^ UInt64(truncatingIfNeeded: update))
        return try dropout(x, rate: rate, seed: splitMix64(stream ^ passes))
    }

    /// In evaluation nothing is dropped.
    public func setTraining(_ training: Bool) { isTraining = training }
}

extension Module {
    /// The dropout layers of the network.
    public var dropouts: [Dropout] {
        ((self as? Dropout).map { [$0] } ?? []) + children.flatMap(\.module.dropouts)
    }
}
