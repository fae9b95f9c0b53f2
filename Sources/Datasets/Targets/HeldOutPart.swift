/// Which records of a data set are held out for validation: a share of every group, the same for the same seed.
struct HeldOutPart {
    /// Records to train on, in order.
    let kept: [Int]
    /// Records to validate on, in order; at least one.
    let heldOut: [Int]
    private let percent: Double

    var keptTitle: String { "without the \(percent) % held out" }
    var heldOutTitle: String { "\(percent) % held out" }

    /// Of a group of n records `fraction` · n, rounded, are held out, at least one if n ≥ 2 and never all.
    ///
    /// `groups`: disjoint records that are alike. `count`: all records. `source`: what errors name.
    /// - Throws: ``DatasetError`` if the fraction is out of range or there are too few records to hold any out.
    init(of groups: [[Int]], count: Int, fraction: Double, seed: UInt64, source: String) throws {
        guard fraction > 0, fraction < 1 else {
            throw DatasetError(
                .argument, at: "split fraction", "\(fraction) is not between 0 and 1", remedy: "use 0.1 to hold out a tenth")
        }
        var isHeldOut = [Bool](repeating: false, count: count)
        for (number, group) in groups.enumerated() {
            var group = group
            var random = RandomStream(seed: seed, epoch: 0, index: number, purpose: .split)
            random.shuffle(&group)
            let share = Int((Double(group.count) * fraction).rounded())
            for index in group.prefix(min(max(share, 1), group.count - 1)) { isHeldOut[index] = true }
        }
        heldOut = isHeldOut.indices.filter { isHeldOut[$0] }
        kept = isHeldOut.indices.filter { !isHeldOut[$0] }
        percent = Double((fraction * 1000).rounded()) / 10
        guard !heldOut.isEmpty else {
            throw DatasetError(
                .argument, at: source, "no class has two images, so none can be held out", remedy: "give a validation channel")
        }
    }
}
