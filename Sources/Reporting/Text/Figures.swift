import Foundation

/// How quantities are written for people: short, and the same everywhere.
enum Figures {
    /// With three decimals, as losses and accuracies are read.
    static func decimal(_ value: Double, _ digits: Int = 3) -> String { String(format: "%.\(digits)f", value) }

    /// `50,000`.
    static func count(_ value: Int) -> String {
        var digits = String(value.magnitude)
        var groups: [String] = []
        while digits.count > 3 {
            groups.insert(String(digits.suffix(3)), at: 0)
            digits = String(digits.dropLast(3))
        }
        return (value < 0 ? "-" : "") + ([digits] + groups).joined(separator: ",")
    }

    /// `1 epoch`, `1,500 epochs`.
    static func count(_ value: Int, _ noun: String) -> String { "\(count(value)) \(noun)\(value == 1 ? "" : "s")" }

    /// `0.27 M`, `25.6 M`, `900`.
    static func parameters(_ value: Int) -> String {
        switch value {
        case ..<10_000: count(value)
        case ..<10_000_000: decimal(Double(value) / 1_000_000, 2) + " M"
        default: decimal(Double(value) / 1_000_000, 1) + " M"
        }
    }

    /// Images a second: whole above 100, one decimal below, where it matters.
    static func speed(_ value: Double) -> String { decimal(value, value < 100 ? 1 : 0) + " img/s" }

    /// `2:41`, `1:02:03`; minutes and seconds at least.
    static func duration(_ seconds: Double) -> String {
        // A speed of zero gives an infinite time, which no integer holds.
        guard seconds.isFinite, seconds < 1e9 else { return "–" }
        let whole = Int(max(0, seconds).rounded())
        let (hours, minutes, rest) = (whole / 3600, whole / 60 % 60, whole % 60)
        func padded(_ value: Int) -> String { value < 10 ? "0\(value)" : "\(value)" }
        return hours > 0 ? "\(hours):\(padded(minutes)):\(padded(rest))" : "\(minutes):\(padded(rest))"
    }

    /// Bytes as megabytes (10⁶): `812 MB`.
    static func megabytes(_ bytes: Int) -> String { "\(Int((Double(bytes) / 1_000_000).rounded())) MB" }

    /// A share of 1 as whole percent: `12 %`.
    static func percent(_ share: Double) -> String {
        share.isFinite ? "\(Int((min(max(share, 0), 1) * 100).rounded())) %" : "–"
    }

    /// A learning rate, without trailing zeros: `0.1`, `0.0001`.
    static func rate(_ value: Double) -> String { String(format: "%g", value) }

    /// A metric's name above a figure: with a capital where it is a word, `mAP` as it is.
    static func title(_ metric: String) -> String {
        let name = name(metric)
        return name.dropFirst().allSatisfy { !$0.isUppercase } ? name.prefix(1).uppercased() + name.dropFirst() : name
    }

    /// A metric's name for people: `top_k_accuracy_5` is `top-5`.
    static func name(_ metric: String) -> String {
        let prefix = "top_k_accuracy_"
        return metric.hasPrefix(prefix) ? "top-" + metric.dropFirst(prefix.count) : metric.replacing("_", with: " ")
    }
}

extension [String] {
    /// The name of a class among these, its number where it has none.
    func name(of classID: Int) -> String { indices.contains(classID) ? self[classID] : String(classID) }
}
