import Foundation

/// Tables as text with commas (RFC 4180).
enum CSV {
    /// A header and rows, each with an end.
    static func text(_ header: [String], _ rows: [[String]]) -> String {
        ([header] + rows).map { $0.map(field).joined(separator: ",") + "\n" }.joined()
    }

    /// A field in quotes where RFC 4180 asks for them.
    static func field(_ text: String) -> String {
        // Scalars: a comma with a mark on it, and CR LF, are other characters.
        let isQuoted = text.unicodeScalars.contains { [",", "\"", "\n", "\r"].contains($0) }
        return isQuoted ? "\"" + text.replacingOccurrences(of: "\"", with: "\"\"") + "\"" : text
    }
}
