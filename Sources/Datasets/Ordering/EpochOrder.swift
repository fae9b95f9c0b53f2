/// The order in which one epoch visits the examples: a permutation of 0 ..< `count` that is a pure function of (seed, epoch).
///
/// A run that resumes at (epoch, batch) makes the same order again; nothing needs to be saved.
public struct EpochOrder: RandomAccessCollection, Sendable, Equatable {
    private let permutation: [Int]

    /// The order of `epoch` for `count` examples (a negative count is an empty order).
    ///
    /// `seed`: the run's seed. `epoch`: epoch number from 0. `shuffle`: `false` visits the examples as they are stored, in every epoch.
    public init(count: Int, seed: UInt64, epoch: Int, shuffle: Bool) {
        var permutation = Array(0..<Swift.max(0, count))
        if shuffle {
            var random = RandomStream(seed: seed, epoch: epoch, index: 0, purpose: .order)
            random.shuffle(&permutation)
        }
        self.permutation = permutation
    }

    /// Always 0.
    public var startIndex: Int { 0 }
    /// Number of examples.
    public var endIndex: Int { permutation.count }

    /// The example that is visited at `position`.
    public subscript(position: Int) -> Int { permutation[position] }
}
