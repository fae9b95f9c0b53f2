/// The lists of a folder in Pascal VOC's layout: which pictures belong to a set.
enum PascalVOCList {
    static let pictureFolder = "JPEGImages/"

    /// The stems that a list such as `ImageSets/Main/train.txt` names. `isKnown`: whether a stem has an annotation.
    /// - Throws: ``DatasetError`` where there is no such list.
    static func stems(_ list: String, in files: ChannelFiles, isKnown: (Substring) -> Bool) throws -> [Substring] {
        guard files.contains(list) else {
            let folder = String(list[...(list.lastIndex(of: "/") ?? list.startIndex)])
            let lists = files.paths.filter { $0.hasPrefix(folder) }.map(FileSystem.name(of:))
            throw DatasetError(
                .unreadable, at: files.location(of: list), "there is no such list",
                remedy: lists.isEmpty ? "check the path" : "choose one of \(ClassNames.listed(lists))")
        }
        guard let text = String(validating: try files.bytes(of: list), as: UTF8.self) else {
            throw DatasetError(.malformed, at: files.location(of: list), "it is not UTF-8 text", remedy: "save it as UTF-8")
        }
        // Lists of a class have a second column, which tells whether it occurs; a stem may hold blanks, too.
        let lines = text.hasPrefix("\u{FEFF}") ? text.dropFirst() : text[...]
        return lines.split(whereSeparator: \.isNewline).compactMap { line in
            isKnown(line) ? line : line.split(separator: " ").first
        }
    }

    /// The picture of a stem; the first of the names that it might have where there is none.
    static func picture(_ stem: Substring, in files: ChannelFiles) -> String {
        let names = ["jpg", "jpeg", "png", "JPG", "JPEG", "PNG", "Jpg", "Jpeg", "Png"].map { "\(pictureFolder)\(stem).\($0)" }
        return names.first(where: files.contains) ?? names[0]
    }
}
