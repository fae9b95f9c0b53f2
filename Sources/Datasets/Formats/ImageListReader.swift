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
        for (number, line) in ListLine.split(bytes) {
            do {
                try add(line, number: number)
            } catch let error as DatasetError {
                faults[lines.count] = error
                lines.append(ImageList.Line(number: number, index: 0, label: .single(0), path: ""))
                if stopsAtFault { throw error }
                if faults.count > max(1000, lines.count / 2), let first = faults.min(by: { $0.key < $1.key }) { throw first.value }
            }
        }
        if let first = faults[0], faults.count == lines.count { throw first }
        guard !lines.isEmpty else { throw ListLine.empty(file) }
    }

    private mutating func add(_ bytes: ArraySlice<UInt8>, number: Int) throws {
        guard let line = try ListLine(bytes, number: number, file: file, lineOfIndex: &lineOfIndex) else { return }
        try agree(onWidth: line.values.count, at: line.place, number: number)
        let label: ClassificationLabel =
            line.values.count == 1
            ? .single(try classNumber(line.values[line.values.startIndex], at: "\(line.place), column 2 (label)"))
            : .multi(try multiHot(line.values, at: line.place))
        lines.append(ImageList.Line(number: number, index: line.index, label: label, path: line.path))
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
        guard let value = Double(ListLine.trimmed(text)), value.isFinite, value.rounded() == value else {
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
            guard let value = Float(ListLine.trimmed(text)), value == 0 || value == 1 else {
                throw DatasetError(
                    .label, at: "\(place), column \(offset + 2) (class \(offset))", "'\(text)' is neither 0 nor 1",
                    remedy: "a multi-label list has one column of 0 or 1 for each class; a single-label list has one label column; "
                        + "a list of boxes belongs to object detection")
            }
            return value
        }
    }
}
