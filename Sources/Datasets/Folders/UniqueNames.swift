/// Gives every picture a name that no earlier one has: a second `a.jpg` becomes `a_2.jpg`.
///
/// Remembers 64 bits a name, so that millions fit: two names that share them cost one a number that it did not need. The same records
/// in the same order get the same names in every run, which resuming counts on.
struct UniqueNames {
    private var taken: Set<UInt64> = []

    /// A name for the next picture. `byStem`: names that differ only in their extension count as the same.
    mutating func claim(_ name: String, byStem: Bool = false) -> String {
        let stem = ImageFileName.stem(of: name)
        if taken.insert(Self.hash(byStem ? stem : name)).inserted { return name }
        let suffix = Substring(name.utf8.dropFirst(stem.utf8.count))
        var number = 2
        while true {
            let candidate = "\(stem)_\(number)"
            if taken.insert(Self.hash(byStem ? candidate : candidate + suffix)).inserted { return candidate + suffix }
            number += 1
        }
    }

    /// FNV-1a: Swift's own hash differs from run to run.
    private static func hash(_ text: String) -> UInt64 {
        text.utf8.reduce(0xCBF2_9CE4_8422_2325) { ($0 ^ UInt64($1)) &* 0x100_0000_01B3 }
    }
}
