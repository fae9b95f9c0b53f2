import Foundation

/// One axis of a chart: the range that it shows, and where its ticks are.
struct ChartAxis: Equatable {
    /// What the chart shows of the axis.
    let range: ClosedRange<Double>
    /// Round numbers within it, rising.
    let ticks: [Double]

    /// A range that holds the values, with round ends: from 0 where the least value is near it, or where all are alike.
    init(holding values: [Double], ticks count: Int = 5) {
        let finite = values.filter(\.isFinite)
        var (low, high) = (finite.min() ?? 0, finite.max() ?? 1)
        if low >= 0, low < 0.4 * high || low == high { low = 0 }
        if low == high { high = low == 0 ? 1 : low + abs(low) }
        let step = Self.round((high - low) / Double(max(1, count)))
        let (first, last) = ((low / step).rounded(.down), (high / step).rounded(.up))
        range = first * step...max(last, first + 1) * step
        ticks = (0...Int(max(last, first + 1) - first)).map { (first + Double($0)) * step }
    }

    /// Whole numbers from the first to the last, such as epochs.
    init(whole first: Int, to last: Int, ticks count: Int = 8) {
        range = Double(first)...Double(max(last, first + 1))
        let step = max(1, Int(Self.round(Double(max(1, last - first)) / Double(count)).rounded(.up)))
        ticks = stride(from: first, through: max(last, first + 1), by: step).map(Double.init)
    }

    /// The least of 1, 2 and 5 times a power of ten that is no less than a step.
    private static func round(_ step: Double) -> Double {
        guard step > 0, step.isFinite else { return 1 }
        let power = pow(10, log10(step).rounded(.down))
        return power * ([1, 2, 5, 10].first { $0 * power >= step * (1 - 1e-9) } ?? 10)
    }

    /// From 0 to 1.
    static let unit = ChartAxis(holding: [0, 1])

    /// A place on the axis, 0…1.
    func place(_ value: Double) -> Double {
        (value - range.lowerBound) / (range.upperBound - range.lowerBound)
    }
}
