/// The class names that the metadata of a manifest's lines tell, line by line: `class-name` for the line's own class, `class-map` and
/// `internal-color-map` for several. Of two names of one class the first counts.
///
/// Source: spec data-formats.md, "Augmented manifest".
struct ManifestClassNames: Sendable {
    /// The highest class number that a label or a name has; −1 where there was none.
    private(set) var highest = -1

    /// By class number; those below 1024, which nearly every line has, without hashing.
    private var few: [Known?] = []
    private var many: [Int: Known] = [:]

    /// What one class is called.
    private struct Known: Sendable {
        /// As the file has it, between quotation marks: nearly every line repeats it, and equal bytes need no decoding.
        let raw: [UInt8]
        /// Different names, each with the line that had it first, in the order of lines. Of those behind the first a few are enough.
        var names: [(name: String, line: Int)]

        mutating func add(_ name: String, line: Int) {
            if names.count < 8, !names.contains(where: { $0.name == name }) { names.append((name, line)) }
        }
    }

    static let classNameKey = Array("class-name".utf8)
    static let classMapKey = Array("class-map".utf8)
    static let colourMapKey = Array("internal-color-map".utf8)

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

    /// Notes that class `number` is called so on a line.
    mutating func name(_ number: Int, _ text: JSONString, in bytes: UnsafeBufferPointer<UInt8>, line: Int) {
        let raw = UnsafeBufferPointer(rebasing: bytes[text.range])
        if repeats(number, raw) { return }
        guard let name = try? text.decoded(from: bytes), !name.isEmpty else { return }
        if self[number] == nil {
            self[number] = Known(raw: Array(raw), names: [])
            note(number)
        }
        self[number]?.add(name, line: line)
    }

    /// Whether these bytes are what the class was called first.
    @inline(__always)
    private func repeats(_ number: Int, _ raw: UnsafeBufferPointer<UInt8>) -> Bool {
        guard number < few.count else { return many[number]?.raw.elementsEqual(raw) ?? false }
        guard let known = few[number], known.raw.count == raw.count else { return false }
        for index in 0..<raw.count where known.raw[index] != raw[index] { return false }
        return true
    }

    private subscript(number: Int) -> Known? {
        get { number < few.count ? few[number] : many[number] }
        set {
            if number < 1024 {
                while few.count <= number { few.append(nil) }
                few[number] = newValue
            } else {
                many[number] = newValue
            }
        }
    }

    private var known: [(number: Int, names: [(name: String, line: Int)])] {
        few.enumerated().compactMap { number, known in known.map { (number, $0.names) } } + many.map { ($0.key, $0.value.names) }
    }

    /// Takes what the lines that follow have said. `line`: how many lines come before theirs.
    mutating func append(_ other: ManifestClassNames, line: Int) {
        highest = max(highest, other.highest)
        for (number, names) in other.known {
            if self[number] == nil { self[number] = other[number].map { Known(raw: $0.raw, names: []) } }
            for name in names { self[number]?.add(name.name, line: name.line + line) }
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

    /// Contradictions, one sentence each, the first few.
    var warnings: [String] {
        var found: [(line: Int, text: String)] = []
        for (number, names) in known {
            for other in names.dropFirst() {
                found.append(
                    (
                        other.line,
                        "Class \(number) is called '\(names[0].name.prefix(60))' on line \(names[0].line) and "
                            + "'\(other.name.prefix(60))' on line \(other.line); the first counts."
                    ))
            }
        }
        return found.sorted { ($0.line, $0.text) < ($1.line, $1.text) }.prefix(5).map(\.text)
    }

    /// A name for each class from 0 to the highest, its number where it has none; nil where no class has a name, or so few that most
    /// would be made up.
    ///
    /// `classCount`: `num_classes`, where it is known.
    func list(classCount: Int?) -> [String]? {
        let count = max(classCount ?? 0, highest + 1)
        let known = known
        guard !known.isEmpty, count <= max(1024, 16 * known.count) else { return nil }
        return (0..<count).map { self[$0]?.names.first?.name ?? String($0) }
    }
}
