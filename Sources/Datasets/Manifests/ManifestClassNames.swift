/// The class names that the metadata of a manifest's lines tell, line by line: `class-name` for the line's own class, `class-map` and
/// `internal-color-map` for several. Of two names of one class the first counts.
///
/// Source: spec data-formats.md, "Augmented manifest".
struct ManifestClassNames: Sendable {
    /// The highest class number that a label or a name has; −1 where there was none.
    private(set) var highest = -1

    /// Of each class its different names, each with the line that had it first, in the order of lines; behind the first a few are enough.
    private var known: [Int: [(name: String, line: Int)]] = [:]

    /// The first name of classes below 1024 as the file has it, between quotation marks: nearly every line repeats it, and equal bytes need
    /// neither decoding nor hashing. `texts`: one behind the other; `stretches`: where that of a class is, empty for none.
    private var texts: [UInt8] = []
    private var stretches: [Range<Int>] = []

    static let classNameKey: StaticString = "class-name"
    static let classMapKey: StaticString = "class-map"
    static let colourMapKey: StaticString = "internal-color-map"

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
        add(name, to: number, line: line)
        guard number < 1024 else { return }
        while stretches.count <= number { stretches.append(0..<0) }
        if stretches[number].isEmpty {
            stretches[number] = texts.count..<texts.count + raw.count
            texts += raw
        }
    }

    /// Whether these bytes are what the class was called first.
    @inline(__always)
    private func repeats(_ number: Int, _ raw: UnsafeBufferPointer<UInt8>) -> Bool {
        guard number < stretches.count, stretches[number].count == raw.count else { return false }
        let start = stretches[number].lowerBound
        for index in 0..<raw.count where texts[start + index] != raw[index] { return false }
        return true
    }

    private mutating func add(_ name: String, to number: Int, line: Int) {
        let names = known[number, default: []]
        note(number)
        if names.count < 8, !names.contains(where: { $0.name == name }) { known[number, default: []].append((name, line)) }
    }

    /// Takes what the lines that follow have said. `line`: how many lines come before theirs.
    mutating func append(_ other: ManifestClassNames, line: Int) {
        highest = max(highest, other.highest)
        for (number, names) in other.known {
            for name in names { add(name.name, to: number, line: name.line + line) }
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
        var classOfName: [String: Int] = [:]
        for (number, names) in known.sorted(by: { $0.key < $1.key }) {
            guard let other = classOfName.updateValue(number, forKey: names[0].name) else { continue }
            found.append((names[0].line, "Classes \(other) and \(number) are both called '\(names[0].name.prefix(60))'."))
        }
        return found.sorted { ($0.line, $0.text) < ($1.line, $1.text) }.prefix(5).map(\.text)
    }

    /// A name for each class from 0 to the highest, its number where it has none; nil where no class has a name, or so few that most
    /// would be made up. Of two classes of one name the second has its number behind it.
    ///
    /// `classCount`: `num_classes`, where it is known.
    func list(classCount: Int?) -> [String]? {
        let count = max(classCount ?? 0, highest + 1)
        guard !known.isEmpty, count <= max(1024, 16 * known.count) else { return nil }
        var taken: Set<String> = []
        var names = [String?](repeating: nil, count: count)
        for number in 0..<count { names[number] = known[number]?.first.map { ClassNames.unique($0.name, class: number, among: &taken) } }
        return names.enumerated().map { number, name in name ?? ClassNames.unique(String(number), class: number, among: &taken) }
    }
}
