/// Names and values, one pair a line, values in one column.
public struct Listing {
    private var pairs: [(name: String, value: String)] = []

    /// An empty listing.
    public init() {}

    /// Adds a pair; nil adds nothing.
    public mutating func add(_ name: String, _ value: String?) {
        if let value { pairs.append((name, value)) }
    }

    /// The lines, each with an end.
    public var text: String {
        let width = pairs.map(\.name.count).max() ?? 0
        return pairs.map { pair in
            pair.name + String(repeating: " ", count: width - pair.name.count) + "  " + pair.value + "\n"
        }.joined()
    }

    /// The last two names of a path: those before them are somebody's machine.
    public static func shortened(_ path: some StringProtocol) -> String { path.split(separator: "/").suffix(2).joined(separator: "/") }

    /// `50,000`.
    public static func count(_ value: Int) -> String { Figures.count(value) }

    /// A quantity with one decimal, or none from 100 on.
    public static func rounded(_ value: Double) -> String { Figures.decimal(value, value < 100 ? 1 : 0) }

    /// A metric's value with four decimals.
    public static func decimal(_ value: Double) -> String { Figures.decimal(value, 4) }
}
