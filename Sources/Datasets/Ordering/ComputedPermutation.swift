/// A permutation of 0 ..< `count` that is computed place by place and takes no memory: a function of (seed, epoch), as a stored one.
///
/// A Feistel network over pairs of digits to the base ⌈√count⌉, with additions instead of exclusive-ors (Black and Rogaway, "Ciphers with
/// arbitrary finite domains", 2002). The few numbers from `count` to the base's square are walked over: the permutation is applied again
/// until it leads below `count`.
struct ComputedPermutation: Sendable, Equatable {
    let count: Int
    private let base: Int
    private let seed: UInt64
    private let epoch: Int

    // Four make a permutation that looks random (Luby and Rackoff, 1988); eight, because digits are few.
    private static let rounds: UInt32 = 8

    init(count: Int, seed: UInt64, epoch: Int) {
        self.count = count
        self.seed = seed
        self.epoch = epoch
        var base = Int(Double(max(0, count)).squareRoot())
        while base * base < count { base += 1 }
        self.base = base
    }

    /// Where `position`, which must be in 0 ..< ``count``, is sent.
    subscript(position: Int) -> Int {
        var place = position
        repeat { place = permuted(place) } while place >= count
        return place
    }

    private func permuted(_ place: Int) -> Int {
        var (left, right) = place.quotientAndRemainder(dividingBy: base)
        for round in 0..<Self.rounds {
            let stream = RandomStream(seed: seed, epoch: epoch, index: right, purpose: .permutation)
            let sum = left + Int(stream.bits(ofBlock: round) % UInt64(base))
            (left, right) = (right, sum < base ? sum : sum - base)
        }
        return left * base + right
    }
}
