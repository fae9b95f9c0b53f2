/// The order in which one epoch visits the examples: a permutation of 0 ..< `count` that is a pure function of (seed, epoch).
///
/// A run that resumes at (epoch, batch) makes the same order again; nothing needs to be saved. Orders of more than a million examples are
/// computed as they are asked for: ten million begin at once, and take no memory.
public struct EpochOrder: RandomAccessCollection, Sendable, Equatable {
    private let order: Order

    private enum Order: Sendable, Equatable {
        case natural(Int)
        case stored([Int])
        case computed(ComputedPermutation)
    }

    /// The longest order that is stored. Never changed: a resumed run must find the same order.
    static let longestStored = 1 << 20

    /// The order of `epoch` for `count` examples (a negative count is an empty order).
    ///
    /// `seed`: the run's seed. `epoch`: epoch number from 0. `shuffle`: `false` visits the examples as they are stored, in every epoch.
    public init(count: Int, seed: UInt64, epoch: Int, shuffle: Bool) {
        let count = Swift.max(0, count)
        guard shuffle else {
            order = .natural(count)
            return
        }
        guard count <= Self.longestStored else {
            order = .computed(ComputedPermutation(count: count, seed: seed, epoch: epoch))
            return
        }
        var permutation = Array(0..<count)
        var random = RandomStream(seed: seed, epoch: epoch, index: 0, purpose: .order)
        random.shuffle(&permutation)
        order = .stored(permutation)
    }

    /// Always 0.
    public var startIndex: Int { 0 }

    /// Number of examples.
    public var endIndex: Int {
        switch order {
        case .natural(let count): count
        case .stored(let permutation): permutation.count
        case .computed(let permutation): permutation.count
        }
    }

    /// The example that is visited at `position`.
    public subscript(position: Int) -> Int {
        switch order {
        case .natural: position
        case .stored(let permutation): permutation[position]
        case .computed(let permutation): permutation[position]
        }
    }
}
