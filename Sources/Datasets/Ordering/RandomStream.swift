/// The random numbers of one example in one epoch: a pure function of (seed, epoch, index).
///
/// Which worker draws them, when, and what was drawn before for other examples does not matter; so a run gives the same augmentations
/// with one worker or eight, and a resumed run the same as an uninterrupted one, without a saved generator state.
/// Streams never overlap: the three numbers are words of Philox's counter (seed: its key), and each stream has 2³³ numbers.
///
/// ```swift
/// var random = RandomStream(seed: 7, epoch: epoch, index: index)
/// let flip = Bool.random(using: &random)
/// ```
public struct RandomStream: RandomNumberGenerator, Sendable {
    /// What the numbers are for: equal (seed, epoch, index) of two purposes are different streams.
    enum Purpose: UInt32 {
        case example = 0
        case order = 1
        case split = 2
        case buffer = 3
        case permutation = 4
    }

    private let key: SIMD2<UInt32>
    private var counter: SIMD4<UInt32>
    private var spare: UInt64?

    /// The stream for example `index` (its number in the dataset, below 2⁵⁶) in `epoch` (below 2³²) of a run with `seed`.
    public init(seed: UInt64, epoch: Int, index: Int) {
        self.init(seed: seed, epoch: epoch, index: index, purpose: .example)
    }

    init(seed: UInt64, epoch: Int, index: Int, purpose: Purpose) {
        let index = UInt64(truncatingIfNeeded: index)
        key = SIMD2(UInt32(truncatingIfNeeded: seed), UInt32(truncatingIfNeeded: seed >> 32))
        counter = SIMD4(
            0, UInt32(truncatingIfNeeded: epoch), UInt32(truncatingIfNeeded: index),
            UInt32(truncatingIfNeeded: index >> 32) & 0x00FF_FFFF | purpose.rawValue << 24)
    }

    /// The next 64 bits.
    public mutating func next() -> UInt64 {
        if let spare {
            self.spare = nil
            return spare
        }
        let block = Philox.block(counter: counter, key: key)
        counter.x &+= 1
        spare = UInt64(block.w) << 32 | UInt64(block.z)
        return UInt64(block.y) << 32 | UInt64(block.x)
    }

    /// The 64 bits with which block `number` of the stream begins, whatever was drawn before.
    func bits(ofBlock number: UInt32) -> UInt64 {
        let block = Philox.block(counter: SIMD4(number, counter.y, counter.z, counter.w), key: key)
        return UInt64(block.y) << 32 | UInt64(block.x)
    }

    /// A number in 0 ..< `bound` without bias (Lemire, "Fast random integer generation in an interval", 2019).
    ///
    /// The standard library's own method may change between releases; an order that a checkpoint relies on must not.
    mutating func next(below bound: UInt64) -> UInt64 {
        guard bound > 1 else { return 0 }
        var product = next().multipliedFullWidth(by: bound)
        if product.low < bound {
            let threshold = (0 &- bound) % bound
            while product.low < threshold { product = next().multipliedFullWidth(by: bound) }
        }
        return product.high
    }

    /// Shuffles in place (Fisher–Yates).
    mutating func shuffle<Element>(_ elements: inout [Element]) {
        guard elements.count > 1 else { return }
        for last in stride(from: elements.count - 1, to: 0, by: -1) {
            elements.swapAt(last, Int(next(below: UInt64(last) + 1)))
        }
    }
}
