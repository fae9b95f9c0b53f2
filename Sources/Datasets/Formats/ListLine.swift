/// A line of an im2rec list, `index ⇥ number [⇥ number …] ⇥ path`, whatever its numbers mean.
///
/// Source: spec data-formats.md, "Classification, image files"; object-detection.md, "RecordIO / .lst for detection".
struct ListLine {
    /// `train.lst:18`.
    let place: String
    /// im2rec's index, unique in the list.
    let index: Int
    /// The columns between index and path, at least one.
    let values: ArraySlice<Substring>
    /// Relative to the image channel; taken literally: blanks and `%` are part of the name.
    let path: String

    /// Takes a line apart; nil for a blank one. `lineOfIndex`: the lines on which indices were seen before, to which this one is added.
    /// - Throws: ``DatasetError`` with file, line, column and value.
    init?(_ bytes: ArraySlice<UInt8>, number: Int, file: String, lineOfIndex: inout [Int: Int]) throws {
        var bytes = bytes
        if bytes.last == UInt8(ascii: "\r") { bytes = bytes.dropLast() }
        if bytes.allSatisfy({ $0 == UInt8(ascii: " ") || $0 == UInt8(ascii: "\t") }) { return nil }
        let place = "\(file):\(number)"
        guard let text = String(validating: bytes, as: UTF8.self) else {
            throw DatasetError(.malformed, at: place, "the line is not UTF-8 text", remedy: "save the list as UTF-8")
        }
        var columns = text.split(separator: "\t", omittingEmptySubsequences: false)
        // im2rec strips lines: what is behind the path is none of it.
        while columns.count > 3, columns.last?.allSatisfy({ $0 == " " }) == true { columns.removeLast() }
        guard columns.count >= 3, let path = columns.last else { throw Self.tooFewColumns(text, columns.count, at: place) }
        guard !path.isEmpty else {
            throw DatasetError(
                .malformed, at: "\(place), column \(columns.count)", "the image path is empty",
                remedy: "end each line with the path, without a tab behind it")
        }
        guard !path.hasPrefix("/"), !path.split(separator: "/").contains("..") else {
            throw DatasetError(
                .malformed, at: "\(place), column \(columns.count)", "the path '\(path)' leads out of the image channel",
                remedy: "write paths relative to the channel, without '..'")
        }
        index = try Self.index(columns[0], at: place, number: number, lineOfIndex: &lineOfIndex)
        values = columns[1..<(columns.count - 1)]
        self.place = place
        var name = path
        while name.last == " " { name.removeLast() }
        self.path = String(name)
    }

    /// The lines of a list's bytes with their numbers from 1.
    static func split(_ bytes: [UInt8]) -> some Sequence<(number: Int, line: ArraySlice<UInt8>)> {
        var rest = bytes[...]
        if rest.starts(with: [0xEF, 0xBB, 0xBF]) { rest = rest.dropFirst(3) }
        return sequence(state: (rest, 0)) { (state: inout (ArraySlice<UInt8>, Int)) -> (number: Int, line: ArraySlice<UInt8>)? in
            guard !state.0.isEmpty else { return nil }
            let end = state.0.firstIndex(of: UInt8(ascii: "\n")) ?? state.0.endIndex
            let line = state.0[state.0.startIndex..<end]
            state = (end < state.0.endIndex ? state.0[(end + 1)...] : [], state.1 + 1)
            return (state.1, line)
        }
    }

    /// The error for a list without lines.
    static func empty(_ file: String) -> DatasetError {
        DatasetError(.malformed, at: file, "the list is empty", remedy: "write lines of index, label and path, separated by tabs")
    }

    /// A column without the blanks around it.
    static func trimmed(_ text: Substring) -> Substring {
        var text = text
        while text.first == " " { text.removeFirst() }
        while text.last == " " { text.removeLast() }
        return text
    }

    private static func index(_ text: Substring, at place: String, number: Int, lineOfIndex: inout [Int: Int]) throws -> Int {
        let place = "\(place), column 1 (index)"
        guard let value = Int(trimmed(text)) else {
            throw DatasetError(
                .malformed, at: place, "'\(text)' is not a whole number",
                remedy: "a list has no header; each line is index, label and path, separated by tabs")
        }
        if let earlier = lineOfIndex.updateValue(number, forKey: value) {
            throw DatasetError(
                .malformed, at: place, "index \(value) was used on line \(earlier) already", remedy: "give every line its own index")
        }
        return value
    }

    private static func tooFewColumns(_ text: String, _ count: Int, at place: String) -> DatasetError {
        let problem: String
        if text.split(separator: " ").count >= 3, Int(text.split(separator: " ")[0]) != nil {
            problem = "the columns are separated by spaces"
        } else if text.split(separator: ",").count >= 3 {
            problem = "the columns are separated by commas"
        } else {
            problem = "\(count) column\(count == 1 ? "" : "s") where at least 3 are needed ('\(text.prefix(60))')"
        }
        return DatasetError(.malformed, at: place, problem, remedy: "separate index, label and path by tabs")
    }
}
