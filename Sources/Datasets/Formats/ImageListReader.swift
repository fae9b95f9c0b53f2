/// Reads the lines of a `.lst` one by one and remembers what later lines must agree with.
struct ImageListReader {
    let file: String
    let classCount: Int?
    private(set) var lines: [ImageList.Line] = []
    /// What is wrong with a line, by its position among `lines`, where faults don't stop the reading.
    private(set) var faults: [Int: DatasetError] = [:]
    /// Line on which an index was first seen.
    private var lineOfIndex: [Int: Int] = [:]
    /// Label columns of the first line, and its number.
    private var width: (columns: Int, line: Int)?

    /// Without `num_classes` the highest label decides how many classes there are; above this it is certainly a mistake.
    static let highestPlausibleLabel = 999_999

    init(file: String, classCount: Int?) {
        self.file = file
        self.classCount = classCount
    }

    /// Reads a whole list.
    ///
    /// `stopsAtFault`: whether the first broken line is thrown; else it keeps its position, with its error among ``faults``, so that a check
    /// of the data finds them all. Bytes that are mostly broken lines are no list, and are refused in any case.
    mutating func read(_ bytes: [UInt8], stopsAtFault: Bool) throws {
        var rest = bytes[...]
        if rest.starts(with: [0xEF, 0xBB, 0xBF]) { rest = rest.dropFirst(3) }
        var number = 0
        while !rest.isEmpty {
            number += 1
            let end = rest.firstIndex(of: UInt8(ascii: "\n")) ?? rest.endIndex
            do {
                try add(rest[rest.startIndex..<end], number: number)
            } catch let error as DatasetError {
                faults[lines.count] = error
                lines.append(ImageList.Line(number: number, index: 0, label: .single(0), path: ""))
                if stopsAtFault { throw error }
                if faults.count > max(1000, lines.count / 2), let first = faults.min(by: { $0.key < $1.key }) { throw first.value }
            }
            rest = end < rest.endIndex ? rest[(end + 1)...] : []
        }
        if let first = faults[0], faults.count == lines.count { throw first }
        guard !lines.isEmpty else {
            throw DatasetError(.malformed, at: file, "the list is empty", remedy: "write lines of index, label and path, separated by tabs")
        }
    }

    private mutating func add(_ bytes: ArraySlice<UInt8>, number: Int) throws {
        var bytes = bytes
        if bytes.last == UInt8(ascii: "\r") { bytes = bytes.dropLast() }
        if bytes.allSatisfy({ $0 == UInt8(ascii: " ") || $0 == UInt8(ascii: "\t") }) { return }
        let place = "\(file):\(number)"
        guard let text = String(validating: bytes, as: UTF8.self) else {
            throw DatasetError(.malformed, at: place, "the line is not UTF-8 text", remedy: "save the list as UTF-8")
        }
        let columns = text.split(separator: "\t", omittingEmptySubsequences: false)
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
        let index = try index(columns[0], at: place, number: number)
        try agree(onWidth: columns.count - 2, at: place, number: number)
        let label: ClassificationLabel =
            columns.count == 3
            ? .single(try classNumber(columns[1], at: "\(place), column 2 (label)"))
            : .multi(try multiHot(columns[1..<(columns.count - 1)], at: place))
        lines.append(ImageList.Line(number: number, index: index, label: label, path: String(path)))
    }

    private mutating func index(_ text: Substring, at place: String, number: Int) throws -> Int {
        let place = "\(place), column 1 (index)"
        guard let value = Int(Self.trimmed(text)) else {
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

    private mutating func agree(onWidth columns: Int, at place: String, number: Int) throws {
        if let width {
            guard columns == width.columns else {
                throw DatasetError(
                    .malformed, at: place, "\(columns) label columns, but line \(width.line) has \(width.columns)",
                    remedy: "give every line the same number of columns")
            }
        } else {
            width = (columns, number)
        }
        if let classCount, columns > 1, columns != classCount {
            throw DatasetError(
                .classes, at: place, "\(columns) label columns, but num_classes is \(classCount)",
                remedy: "a multi-label list has one column of 0 or 1 for each class between index and path")
        }
    }

    private func classNumber(_ text: Substring, at place: String) throws -> Int {
        guard let value = Double(Self.trimmed(text)), value.isFinite, value.rounded() == value else {
            throw DatasetError(
                .label, at: place, "'\(text)' is not a whole number", remedy: "write the class number, counted from 0, as 1 or 1.000000")
        }
        guard value >= 0 else {
            throw DatasetError(.label, at: place, "label \(text) is negative", remedy: "count classes from 0")
        }
        if let classCount, value >= Double(classCount) {
            throw DatasetError(
                .label, at: place, "label \(text) is not below num_classes = \(classCount)",
                remedy: "count classes from 0, or raise num_classes")
        }
        guard value <= Double(Self.highestPlausibleLabel) else {
            throw DatasetError(
                .label, at: place, "label \(text) is above \(Self.highestPlausibleLabel)", remedy: "number the classes from 0 without gaps")
        }
        return Int(value)
    }

    private func multiHot(_ columns: ArraySlice<Substring>, at place: String) throws -> [Float] {
        try columns.enumerated().map { offset, text in
            guard let value = Float(Self.trimmed(text)), value == 0 || value == 1 else {
                throw DatasetError(
                    .label, at: "\(place), column \(offset + 2) (class \(offset))", "'\(text)' is neither 0 nor 1",
                    remedy: "a multi-label list has one column of 0 or 1 for each class; a single-label list has one label column; "
                        + "a list of boxes belongs to object detection")
            }
            return value
        }
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

    private static func trimmed(_ text: Substring) -> Substring {
        var text = text
        while text.first == " " { text.removeFirst() }
        while text.last == " " { text.removeLast() }
        return text
    }
}
