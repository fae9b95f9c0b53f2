/// What labels are made of, in manifests and in files of boxes.
extension JSONValue {
    /// What a string that is JSON's text stands for; any other value, and a string that is none, is itself.
    var unwrapped: JSONValue {
        guard case .string(let text) = self else { return self }
        return Array(text.utf8).withUnsafeBufferPointer { (try? JSONScanner.value(of: $0)) ?? self }
    }

    /// A class number: whole, not negative, below `classCount` where that is known. `place`: what errors name.
    func classNumber(below classCount: Int?, at place: @autoclosure () -> String) throws -> Int {
        guard case .number(let number) = self, number.rounded() == number else {
            throw DatasetError(
                .label, at: place(), "\(excerpt) is not a whole number", remedy: "write the class number, counted from 0")
        }
        guard number >= 0 else {
            throw DatasetError(.label, at: place(), "class \(excerpt) is negative", remedy: "count classes from 0")
        }
        guard number <= Double(ImageListReader.highestPlausibleLabel) else {
            throw DatasetError(
                .label, at: place(), "class \(excerpt) is above \(ImageListReader.highestPlausibleLabel)",
                remedy: "number the classes from 0 without gaps")
        }
        if let classCount, number >= Double(classCount) { throw Self.beyond(Int(number), classCount, at: place()) }
        return Int(number)
    }

    /// The error for a class number that is too high.
    static func beyond(_ number: Int, _ count: Int, at place: String) -> DatasetError {
        DatasetError(
            .label, at: place, "class \(number) is not below num_classes = \(count)", remedy: "count classes from 0, or raise num_classes")
    }
}
