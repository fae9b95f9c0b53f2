import Foundation

/// The images that a `.lst` names, below an image channel.
struct ListedImages: ClassificationStorage {
    private let root: String
    private let file: String
    private let lines: [ImageList.Line]

    var count: Int { lines.count }
    func name(at index: Int) -> String { FileSystem.join(root, lines[index].path) }
    func labelPlace(at index: Int) -> String { "\(file):\(lines[index].number)" }
    func payload(at index: Int) -> ImagePayload { .file(name(at: index)) }

    /// Reads a list and looks for each of its images.
    static func read(_ file: String, root: String, classCount: Int?) throws -> ClassificationContent {
        guard FileSystem.kind(of: root) == .folder else {
            throw DatasetError(.unreadable, at: root, "the folder of the images of '\(file)' does not exist", remedy: "check the path")
        }
        let list = try ImageList(contentsOf: file, classCount: classCount)
        let missing = list.lines.filter { FileSystem.kind(of: FileSystem.join(root, $0.path)) != .file }
        if let first = missing.first {
            throw DatasetError(
                .unreadable, at: "\(file):\(first.number)",
                "the image '\(first.path)' is not in '\(root)' (\(missing.count) of \(list.lines.count) images are missing)",
                remedy: hint(for: first.path, root: root))
        }
        let labels = list.lines.map(\.label)
        return ClassificationContent(
            storage: ListedImages(root: root, file: file, lines: list.lines), labels: labels,
            classNames: try ClassNames.beside(FileSystem.folder(of: file)), source: "\(file) with images in \(root)",
            warnings: gaps(in: labels, file: file))
    }

    /// Classes below the highest label that no line has.
    private static func gaps(in labels: [ClassificationLabel], file: String) -> [String] {
        var used: Set<Int> = []
        for case .single(let label) in labels { used.insert(label) }
        guard let highest = used.max() else { return [] }
        let unused = (0..<highest).filter { !used.contains($0) }
        guard !unused.isEmpty else { return [] }
        return ["\(file): labels should have no gaps, but no line has label \(ClassNames.listed(unused.map(String.init)))"]
    }

    private static func hint(for path: String, root: String) -> String {
        if let decoded = path.removingPercentEncoding, decoded != path, FileSystem.kind(of: FileSystem.join(root, decoded)) == .file {
            return "there is a '\(decoded)': write paths as they are, not percent-encoded"
        }
        let slashes = path.replacingOccurrences(of: "\\", with: "/")
        if slashes != path, FileSystem.kind(of: FileSystem.join(root, slashes)) == .file {
            return "there is a '\(slashes)': separate folders by '/'"
        }
        return "paths are relative to the image channel; add the image or remove the line"
    }
}
