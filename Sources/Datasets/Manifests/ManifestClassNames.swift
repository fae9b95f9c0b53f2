/// The class names that the metadata of a manifest's lines tell, line by line: `class-name` for the line's own class, `class-map` and
/// `internal-color-map` for several. Of two names of one class the first counts.
///
/// Source: spec data-formats.md, "Augmented manifest".
struct ManifestClassNames {
    /// Contradictions, one sentence each, the first few.
    private(set) var warnings: [String] = []
    /// The highest class number that a label or a name has; −1 where there was none.
    private(set) var highest = -1

    private var names: [Int: Known] = [:]

    private struct Known {
        /// As the file has it, between quotation marks: nearly every line repeats it, and equal bytes need no decoding.
        let raw: [UInt8]
        let name: String
        let line: Int
    }

    private static let classNameKey = Array("class-name".utf8)
    private static let classMapKey = Array("class-map".utf8)
    private static let colourMapKey = Array("internal-color-map".utf8)

    /// Notes a class number that a label has.
    mutating func note(_ number: Int) { highest = max(highest, number) }

    /// Takes what one line says. Metadata that make no sense are passed over: they hold nothing that training needs.
    ///
    /// - Parameters:
    ///   - metadata: the text of the metadata attribute.
    ///   - number: the line's class, where it has exactly one.
    ///   - line: the line's number.
    mutating func add(_ metadata: UnsafeBufferPointer<UInt8>, class number: Int?, line: Int) {
        var scanner = JSONScanner(metadata)
        try? scanner.members { (scanner, key) throws(JSONFault) in
            scanner.skipSpace()
            if key.matches(Self.classNameKey, in: metadata), let number, scanner.byte == UInt8(ascii: "\"") {
                name(number, try scanner.string(), in: metadata, line: line)
            } else if key.matches(Self.classMapKey, in: metadata) {
                try scanner.members(depth: 1) { (scanner, key) throws(JSONFault) in
                    scanner.skipSpace()
                    guard let number = Self.number(key, in: metadata), scanner.byte == UInt8(ascii: "\"") else {
                        return try scanner.skipValue(depth: 2)
                    }
                    name(number, try scanner.string(), in: metadata, line: line)
                }
            } else if key.matches(Self.colourMapKey, in: metadata) {
                try scanner.members(depth: 1) { (scanner, key) throws(JSONFault) in
                    guard let number = Self.number(key, in: metadata) else { return try scanner.skipValue(depth: 2) }
                    try scanner.members(depth: 2) { (scanner, key) throws(JSONFault) in
                        scanner.skipSpace()
                        guard key.matches(Self.classNameKey, in: metadata), scanner.byte == UInt8(ascii: "\"") else {
                            return try scanner.skipValue(depth: 3)
                        }
                        name(number, try scanner.string(), in: metadata, line: line)
                    }
                }
            } else {
                try scanner.skipValue(depth: 1)
            }
        }
    }

    private mutating func name(_ number: Int, _ text: JSONString, in bytes: UnsafeBufferPointer<UInt8>, line: Int) {
        let raw = UnsafeBufferPointer(rebasing: bytes[text.range])
        let known = names[number]
        if let known, known.raw.count == raw.count, known.raw.elementsEqual(raw) { return }
        guard let name = try? text.decoded(from: bytes), !name.isEmpty else { return }
        guard let known else {
            names[number] = Known(raw: Array(raw), name: name, line: line)
            note(number)
            return
        }
        if known.name != name, warnings.count < 5 {
            warnings.append(
                "Class \(number) is called '\(known.name.prefix(60))' on line \(known.line) and '\(name.prefix(60))' on line \(line); "
                    + "the first counts.")
        }
    }

    private static func number(_ key: JSONString, in bytes: UnsafeBufferPointer<UInt8>) -> Int? {
        // Six digits are all that a class number may have.
        guard (1...6).contains(key.range.count) else { return nil }
        var number = 0
        for byte in bytes[key.range] {
            guard JSONScanner.isDigit(byte) else { return nil }
            number = number * 10 + Int(byte & 0x0F)
        }
        return number
    }

    /// A name for each class from 0 to the highest, its number where it has none; nil where no class has a name, or so few that most
    /// would be made up.
    ///
    /// `classCount`: `num_classes`, where it is known.
    func list(classCount: Int?) -> [String]? {
        let count = max(classCount ?? 0, highest + 1)
        guard !names.isEmpty, count <= max(1024, 16 * names.count) else { return nil }
        return (0..<count).map { names[$0]?.name ?? String($0) }
    }
}
