import Storage

extension ClassNames {
    /// The file that carries class names beside data whose own format has none: one a line, line number = class number.
    static let fileName = "classes.txt"

    /// Names from a file of a channel; `nil` if there is no such file.
    static func read(_ name: String, in files: ChannelFiles) throws -> [String]? {
        files.contains(name) ? try parse(files.bytes(of: name), place: files.location(of: name)) : nil
    }

    /// Names from a file of a store; `nil` if there is no such file.
    static func read(_ name: String, in store: any ObjectStore) throws -> [String]? {
        guard try store.information(about: name) != nil else { return nil }
        return try parse(store.bytes(of: name), place: store.location(of: name))
    }

    /// What ``write(_:to:)`` would refuse, before a long conversion instead of after it.
    static func check(_ names: [String], beforeWritingTo store: any ObjectStore) throws {
        let place = store.location(of: fileName)
        try check(names, at: place)
        // Read back line by line: a break within a name would shift all names behind it.
        if let wrong = names.first(where: { (try? parse(text([$0]), place: place)) != [$0] }) {
            throw DatasetError(
                .classes, at: place, "the class name '\(wrong)' holds a line break or begins or ends with a blank",
                remedy: "rename the class")
        }
        if let there = try read(fileName, in: store), there != names {
            throw difference(found: there, expected: names, at: place)
        }
    }

    /// Writes `classes.txt`; one that says the same already is left alone.
    ///
    /// - Throws: ``DatasetError`` for names that such a file can't hold, or another file of this name; `StorageError`.
    static func write(_ names: [String], to store: any ObjectStore) throws {
        try check(names, beforeWritingTo: store)
        if try read(fileName, in: store) == names { return }
        try store.write(text(names), to: fileName)
    }

    private static func text(_ names: [String]) -> [UInt8] { Array((names.joined(separator: "\n") + "\n").utf8) }
}
