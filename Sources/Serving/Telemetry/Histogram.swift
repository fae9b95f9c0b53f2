/// Counts of observations up to each bound, as Prometheus has them.
struct Histogram: Sendable {
    /// Seconds from a millisecond to two minutes.
    static let seconds: [Double] = [
        0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120,
    ]
    /// Powers of two.
    static let images: [Double] = [1, 2, 4, 8, 16, 32, 64, 128]

    let bounds: [Double]
    private(set) var counts: [Int]
    private(set) var sum = 0.0
    private(set) var count = 0

    init(_ bounds: [Double]) {
        self.bounds = bounds
        counts = [Int](repeating: 0, count: bounds.count)
    }

    mutating func observe(_ value: Double) {
        count += 1
        sum += value
        if let index = bounds.firstIndex(where: { value <= $0 }) { counts[index] += 1 }
    }

    /// Lines of the exposition format. `labels`: `name="value"` pairs with commas between, or empty.
    func lines(_ name: String, labels: String) -> String {
        var text = "", total = 0
        let before = labels.isEmpty ? "" : labels + ","
        for (bound, count) in zip(bounds, counts) {
            total += count
            let shown = bound == bound.rounded() ? String(Int(bound)) : "\(bound)"
            text += "\(name)_bucket{\(before)le=\"\(shown)\"} \(total)\n"
        }
        let own = labels.isEmpty ? "" : "{\(labels)}"
        return text + "\(name)_bucket{\(before)le=\"+Inf\"} \(count)\n\(name)_sum\(own) \(sum)\n\(name)_count\(own) \(count)\n"
    }
}
