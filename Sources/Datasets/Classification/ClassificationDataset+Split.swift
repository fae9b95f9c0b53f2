extension ClassificationDataset {
    /// Holds out a part of the records for validation, a share of every class, the same for the same seed.
    ///
    /// Single-label records are grouped by class, multi-label ones by the rarest class that they show; of a group of n records
    /// `fraction` · n, rounded, are held out, at least one if n ≥ 2 and never all. Records that show the same object
    /// (video frames, bursts) should not be split by chance: what they measure is memory. Order within both parts is that of the storage.
    ///
    /// - Parameters:
    ///   - fraction: share to hold out, 0 < fraction < 1.
    ///   - seed: decides which records.
    /// - Throws: ``DatasetError`` if the fraction is out of range or there are too few records to hold any out.
    public func split(
        fraction: Double, seed: UInt64
    ) throws -> (training: ClassificationDataset, validation: ClassificationDataset) {
        let parts = try HeldOutPart(of: strata(), count: count, fraction: fraction, seed: seed, source: source)
        return (try subset(parts.kept, called: parts.keptTitle), try subset(parts.heldOut, called: parts.heldOutTitle))
    }

    /// Non-empty groups of records; a multi-label record without any class belongs to a group of its own kind.
    private func strata() -> [[Int]] {
        let counts = histogram
        var groups = [[Int]](repeating: [], count: counts.count + 1)
        for (index, label) in labels.enumerated() {
            switch label {
            case .single(let value): groups[value].append(index)
            case .multi(let values):
                let rarest = values.indices.filter { values[$0] > 0.5 }.min { counts[$0] < counts[$1] }
                groups[rarest ?? counts.count].append(index)
            }
        }
        return groups.filter { !$0.isEmpty }
    }
}
