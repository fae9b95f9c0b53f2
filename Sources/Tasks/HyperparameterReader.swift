import Foundation

/// Reads hyperparameters as SageMaker passes them — strings by name — and gathers every fault, so that a user mends all at once.
public struct HyperparameterReader {
    /// The most of anything that is counted: products of two such numbers are numbers, too.
    static let most = Int(Int32.max)

    private let values: [String: String]
    private var unread: Set<String>
    private var faults: [String] = []

    /// - Parameter values: as given; blanks around a value do not count.
    public init(_ values: [String: String]) {
        self.values = values.mapValues { $0.trimmingCharacters(in: .whitespacesAndNewlines) }
        unread = Set(values.keys)
    }

    /// Notes a fault that no single value shows.
    public mutating func fault(_ sentence: String) { faults.append(sentence) }

    private mutating func text(_ name: String) -> String? {
        unread.remove(name)
        return has(name) ? values[name] : nil
    }

    /// Whether a value was given: tools write `none` and `null` where there is none.
    public func has(_ name: String) -> Bool { values[name].map { !["", "none", "null"].contains($0.lowercased()) } ?? false }

    /// A whole number in `range`.
    public mutating func integer(_ name: String, in range: ClosedRange<Int>) -> Int? {
        guard let text = text(name) else { return nil }
        // JSON tools write whole numbers as 10.0 now and then.
        guard let value = Int(text) ?? Double(text).flatMap(Int.init(exactly:)), range.contains(value) else {
            let isUnbounded = range.upperBound >= Self.most && (Double(text) ?? 0) <= Double(Self.most)
            let bound = isUnbounded ? "of at least \(range.lowerBound)" : "from \(range.lowerBound) to \(range.upperBound)"
            faults.append("\(name) is '\(text)'; it must be a whole number \(bound).")
            return nil
        }
        return value
    }

    /// A number in `range`. `aboveLowest`: the lower bound itself is refused.
    public mutating func number(_ name: String, in range: ClosedRange<Double>, aboveLowest: Bool = false) -> Double? {
        guard let text = text(name) else { return nil }
        guard let value = Double(text), range.contains(value), !aboveLowest || value > range.lowerBound else {
            let (low, high) = (brief(range.lowerBound), brief(range.upperBound))
            faults.append(
                "\(name) is '\(text)'; it must be a number \(aboveLowest ? "above \(low), at most \(high)" : "from \(low) to \(high)").")
            return nil
        }
        return value
    }

    /// A regular expression, as its text.
    public mutating func pattern(_ name: String) -> String? {
        guard let text = text(name) else { return nil }
        do {
            _ = try Regex(text)
            return text
        } catch {
            faults.append("\(name) is '\(text)', which is no regular expression (\(error)); write one such as \"^conv1\".")
            return nil
        }
    }

    /// Lets names with a leading underscore pass: the platform's own, such as `_tuning_objective_metric` of a tuning job and `_kvstore` of
    /// a container (`spec/object-detection.md`).
    public mutating func acceptInternalNames() { unread = unread.filter { !$0.hasPrefix("_") } }

    /// 1/0, true/false, in any case.
    public mutating func flag(_ name: String) -> Bool? {
        guard let text = text(name) else { return nil }
        switch text.lowercased() {
        case "1", "true", "yes": return true
        case "0", "false", "no": return false
        default:
            faults.append("\(name) is '\(text)'; it must be 0 or 1 (or True or False).")
            return nil
        }
    }

    /// One of a few words.
    public mutating func choice<Choice: RawRepresentable & CaseIterable>(_ name: String, as type: Choice.Type = Choice.self) -> Choice?
    where Choice.RawValue == String {
        guard let text = text(name) else { return nil }
        if let value = Choice(rawValue: text) { return value }
        let allowed = Choice.allCases.map(\.rawValue)
        faults.append("\(name) is '\(text)'; it must be one of \(allowed.joined(separator: ", "))\(ending(for: text, among: allowed))")
        return nil
    }

    /// Comma-separated whole numbers, each above the one before.
    public mutating func integers(_ name: String) -> [Int]? {
        guard let text = text(name) else { return nil }
        let parts = text.trimmingCharacters(in: CharacterSet(charactersIn: "[]")).split(separator: ",")
        let numbers = parts.compactMap { Int($0.trimmingCharacters(in: .whitespaces)) }
        guard !parts.isEmpty, numbers.count == parts.count, numbers.allSatisfy({ (1...Self.most).contains($0) }),
            zip(numbers, numbers.dropFirst()).allSatisfy({ $0 < $1 })
        else {
            faults.append("\(name) is '\(text)'; it must be rising whole numbers with commas between, such as \"10, 20\".")
            return nil
        }
        return numbers
    }

    /// Three whole numbers: channels, height, width.
    public mutating func imageShape(_ name: String) -> (channels: Int, height: Int, width: Int)? {
        guard let text = text(name) else { return nil }
        let parts = text.trimmingCharacters(in: CharacterSet(charactersIn: "[]()")).split(separator: ",")
        let numbers = parts.compactMap { Int($0.trimmingCharacters(in: .whitespaces)) }
        guard parts.count == 3, numbers.count == 3, [1, 3].contains(numbers[0]), (8...4096).contains(numbers[1]),
            (8...4096).contains(numbers[2])
        else {
            faults.append(
                "\(name) is '\(text)'; it must be \"channels,height,width\" with 1 or 3 channels and sides from 8 to 4096, such as \"3,224,224\"."
            )
            return nil
        }
        return (numbers[0], numbers[1], numbers[2])
    }

    /// Throws one error with every fault: wrong values, and names that were never asked for.
    /// - Throws: ``TaskError``.
    public func finish(task: String, known: [String]) throws {
        let unknown = unread.sorted().map { name in
            "'\(name)' is no hyperparameter of \(task)\(ending(for: name, among: known))"
        }
        let all = faults + unknown
        guard !all.isEmpty else { return }
        throw TaskError(
            all.count == 1 ? all[0] : "\(all.count) hyperparameters are wrong:\n" + all.map { "  - \($0)" }.joined(separator: "\n"))
    }
}

private func brief(_ value: Double) -> String { value == value.rounded() ? String(Int(value)) : String(value) }

/// How a sentence about an unknown word ends: `; did you mean 'x'?` where a known one is near.
func ending(for word: String, among known: [String]) -> String {
    let nearest = known.map { ($0, editDistance(word.lowercased(), $0)) }.min { $0.1 < $1.1 }
    guard let (name, distance) = nearest, distance <= max(2, word.count / 3) else { return "." }
    return "; did you mean '\(name)'?"
}

/// Insertions, deletions and replacements that lead from `a` to `b` (Levenshtein).
func editDistance(_ a: String, _ b: String) -> Int {
    let b = Array(b)
    var row = Array(0...b.count)
    for (i, x) in a.enumerated() {
        var diagonal = row[0]
        row[0] = i + 1
        for (j, y) in b.enumerated() {
            let above = row[j + 1]
            row[j + 1] = min(above + 1, row[j] + 1, diagonal + (x == y ? 0 : 1))
            diagonal = above
        }
    }
    return row[b.count]
}
