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
    /// Examples of the update that come before those of the next passes: where several processes share a mini-batch, together they drop
    /// what one would drop.
    public var firstExample = 0
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
        let offset = firstExample * (x.count / max(1, x.shape.first ?? 1))
        // Numbers are drawn in fours. Examples of another size, which no network here has, get draws of their own.
        guard offset.isMultiple(of: 4) else {
            return try dropout(x, rate: rate, seed: splitMix64(stream ^ passes ^ UInt64(firstExample) << 32))
        }
        return try dropout(x, rate: rate, seed: splitMix64(stream ^ passes), offset: offset)
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
