/// Class names from all who may have an opinion: the data, the caller (usually a model), and `num_classes`.
enum ClassNames {
    /// "0", "1", …: what classes are called when nobody named them.
    static func placeholders(_ count: Int) -> [String] { (0..<max(0, count)).map(String.init) }

    /// Names from a text file, one a line, line number = class number; `nil` if there is no such file.
    static func read(_ path: String) throws -> [String]? {
        guard FileSystem.kind(of: path) == .file else { return nil }
        return try parse(FileSystem.bytes(of: path), place: path)
    }

    /// Names from the content of such a file, which errors call `place`.
    static func parse(_ bytes: [UInt8], place path: String) throws -> [String] {
        guard let text = String(validating: bytes, as: UTF8.self) else {
            throw DatasetError(.malformed, at: path, "it is not UTF-8 text", remedy: "save it as UTF-8, one class name a line")
        }
        var lines = text.split(omittingEmptySubsequences: false) { $0.isNewline }.map { line in
            String(line.drop { $0 == " " || $0 == "\u{FEFF}" }.reversed().drop { $0 == " " }.reversed())
        }
        while lines.last?.isEmpty == true { lines.removeLast() }
        lines = withoutNumbers(lines) ?? lines
        try check(lines, at: path)
        return lines
    }

    /// The names of `im2rec --list`, which prints each class folder with its number behind it; nil for any other list.
    private static func withoutNumbers(_ lines: [String]) -> [String]? {
        guard lines.count > 1 else { return nil }
        let names = lines.enumerated().map { number, line in
            line.hasSuffix(" \(number)") ? String(line.dropLast(String(number).count + 1)) : ""
        }
        return names.contains("") || Set(names).count < names.count ? nil : names
    }

    /// The `classes.txt` beside a file or in a folder.
    static func beside(_ folder: String) throws -> [String]? {
        try read(FileSystem.join(folder, fileName))
    }

    /// Names must be there, and different from each other.
    static func check(_ names: [String], at place: String) throws {
        guard !names.isEmpty else {
            throw DatasetError(.classes, at: place, "there are no class names", remedy: "write one class name a line")
        }
        var seen: [String: Int] = [:]
        for (number, name) in names.enumerated() {
            guard !name.isEmpty else {
                throw DatasetError(.classes, at: place, "class \(number) has an empty name", remedy: "give every class a name")
            }
            if let earlier = seen.updateValue(number, forKey: name) {
                throw DatasetError(
                    .classes, at: place, "classes \(earlier) and \(number) are both called '\(name)'",
                    remedy: "give every class its own name")
            }
        }
    }

    /// One list of names. Placeholder names contradict nothing but a different count.
    ///
    /// - Parameters:
    ///   - found: names that the data carry.
    ///   - given: names that the caller wants, in the model's order.
    ///   - classCount: `num_classes`.
    ///   - labelCount: number of classes that the format implies, or highest label + 1.
    static func resolve(found: [String]?, given: [String]?, classCount: Int?, labelCount: Int, at place: String) throws -> [String] {
        if let given {
            try check(given, at: "classNames")
            if let found, found != given {
                let contradiction = given != placeholders(given.count) && found != placeholders(found.count)
                if contradiction || found.count != given.count {
                    throw difference(found: found, expected: given, at: place)
                }
            }
        }
        let names = given ?? found
        if let names, let classCount, names.count != classCount {
            throw DatasetError(
                .classes, at: place, "num_classes is \(classCount) but there are \(names.count) classes (\(listed(names)))",
                remedy: "set num_classes to \(names.count) or correct the data")
        }
        return names ?? placeholders(classCount ?? labelCount)
    }

    /// Names that were gathered from annotations, with `num_classes` in mind: these need not name every class, or name one too many, so that
    /// numbers at the end come and go.
    static func fitted(_ names: [String], to count: Int?) -> [String] {
        guard let count else { return names }
        var names = names
        while names.count > count, names.last == String(names.count - 1) { names.removeLast() }
        guard names.count < count else { return names }
        var taken = Set(names)
        while names.count < count { names.append(unique(String(names.count), class: names.count, among: &taken)) }
        return names
    }

    /// A name that no other class has: this one, or one with the class's number behind it. It is added to the taken ones.
    static func unique(_ name: String, class number: Int, among taken: inout Set<String>) -> String {
        taken.insert(name).inserted ? name : unique("\(name) (\(number))", class: number, among: &taken)
    }

    /// The names that a source's classes take: those that were given, which stand for its own by number, else its own.
    ///
    /// `own`: those that its files carry, where they do.
    /// - Throws: ``DatasetError`` where a given name is one of its own under another number: each class would be taken for another one.
    static func chosen(given: [String]?, own: [String]?, at place: String) throws -> [String]? {
        guard let given else { return own }
        try check(given, at: place)
        guard let own, own != given else { return given }
        let numbers = Dictionary(own.enumerated().map { ($1, $0) }, uniquingKeysWith: { first, _ in first })
        for (number, name) in given.enumerated() where name != String(number) {
            guard let other = numbers[name], other != number else { continue }
            if Set(own) == Set(given) { throw difference(found: own, expected: given, at: place) }
            throw DatasetError(
                .classes, at: place,
                "'\(name)' is its class \(other) (\(listed(own))), and class \(number) of the expected ones (\(listed(given)))",
                remedy: "number the classes alike")
        }
        return given
    }

    /// The error that says how two lists of class names differ.
    static func difference(found: [String], expected: [String], at place: String) -> DatasetError {
        let (foundSet, expectedSet) = (Set(found), Set(expected))
        let missing = expected.filter { !foundSet.contains($0) }
        let extra = found.filter { !expectedSet.contains($0) }
        if missing.isEmpty, extra.isEmpty {
            return DatasetError(
                .classes, at: place,
                "its classes come in another order (\(listed(found))) than the expected ones (\(listed(expected)))",
                remedy: "number the classes as the model does")
        }
        var parts: [String] = []
        if !missing.isEmpty { parts.append("missing: \(listed(missing))") }
        if !extra.isEmpty { parts.append("extra: \(listed(extra))") }
        return DatasetError(
            .classes, at: place, "its classes differ from the \(expected.count) expected ones (\(parts.joined(separator: "; ")))",
            remedy: "rename them, or remove the extra ones")
    }

    /// Names for a message, the first ten.
    static func listed(_ names: [String]) -> String {
        names.prefix(10).joined(separator: ", ") + (names.count > 10 ? ", … (\(names.count) in all)" : "")
    }
}
