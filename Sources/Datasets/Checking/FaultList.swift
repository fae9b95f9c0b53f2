/// The faults that were found: every one counted, so many of each kind kept.
struct FaultList {
    private let limit: Int
    private(set) var faults: [DataFault] = []
    /// How many there are of each kind, kept or not.
    private(set) var counts: [DataFault.Kind: Int] = [:]

    /// `limit`: faults of one kind that are kept.
    init(limit: Int) { self.limit = limit }

    mutating func add(_ fault: DataFault) { add(fault.kind) { fault } }

    /// Counts a fault, and makes it where it is kept.
    mutating func add(_ kind: DataFault.Kind, _ make: () -> DataFault) {
        counts[kind, default: 0] += 1
        if counts[kind, default: 0] <= limit { faults.append(make()) }
    }

    /// All that were found, kept or not.
    var total: Int { counts.values.reduce(0, +) }
}
