/// A media type with its parameters, as in `Content-Type` and `Accept` (RFC 9110, sections 8.3 and 12.5.1).
struct MediaType: Equatable, Sendable {
    /// In lower case, as `application`.
    let type: String
    /// In lower case, as `json`.
    let subtype: String
    /// Names in lower case; a parameter without a value has an empty one. Without `q`.
    let parameters: [String: String]
    /// 0…1: how welcome it is.
    let quality: Double

    /// `application/json`.
    var name: String { "\(type)/\(subtype)" }

    /// Reads one type; nil where it is none.
    init?(_ text: some StringProtocol) {
        let parts = text.split(separator: ";", omittingEmptySubsequences: false).map { $0.trimmed }
        let names = (parts.first ?? "").lowercased().split(separator: "/", omittingEmptySubsequences: false)
        guard names.count == 2, names.allSatisfy({ !$0.isEmpty && !$0.contains(" ") }) else { return nil }
        var found: [String: String] = [:], quality = 1.0
        for part in parts.dropFirst() where !part.isEmpty {
            let pair = part.split(separator: "=", maxSplits: 1).map { $0.trimmed }
            guard let name = pair.first?.lowercased() else { continue }
            let value = String((pair.count > 1 ? pair[1] : "").trimming { $0 == "\"" })
            if name == "q" { quality = min(1, max(0, Double(value) ?? 1)) } else { found[name] = value }
        }
        (type, subtype, parameters, self.quality) = (String(names[0]), String(names[1]), found, quality)
    }

    /// Reads a list, the most welcome first; of equals the order stays. What is no media type is left out.
    static func list(_ text: String) -> [MediaType] {
        text.split(separator: ",").compactMap { MediaType($0) }.enumerated()
            .sorted { ($1.element.quality, $0.offset) < ($0.element.quality, $1.offset) }.map(\.element)
    }

    /// Whether a switch among the parameters is on: `verbose`, `verbose=true`, `verbose=1`.
    func isOn(_ name: String) -> Bool { parameters[name].map { ["", "1", "true"].contains($0.lowercased()) } ?? false }
}

extension StringProtocol {
    /// Without blanks at both ends.
    var trimmed: SubSequence { trimming { $0 == " " || $0 == "\t" } }

    /// Without some characters at both ends.
    func trimming(_ isEdge: (Character) -> Bool) -> SubSequence {
        guard let first = firstIndex(where: { !isEdge($0) }), let last = lastIndex(where: { !isEdge($0) }) else { return self[endIndex...] }
        return self[first...last]
    }
}
