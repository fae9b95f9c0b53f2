import Imaging

/// Names of the files that writers make for pictures.
public enum ImageFileName {
    /// A relative path below the writer's folder: the record's name without leading slashes, `.` and `..`, its extension that of the
    /// content (`.jpg` or `.png`). A name that says so already (`a.jpeg`, `a.PNG`) stays as it is; content of neither format keeps its name.
    ///
    /// `name`: as in ``AnnotatedImage/name``. `content`: the picture's bytes.
    public static func make(for name: String, content: [UInt8]) -> String {
        let parts = name.split(separator: "/").filter { $0 != "." && $0 != ".." }
        // A tab or line break would break a list's line, and a hidden file would never be listed again.
        let safe = parts.map { part in
            let clean = String(part.map { $0.isNewline || $0 == "\t" || $0 == "\0" || $0 == "\\" ? "_" : $0 })
            return clean.hasPrefix(".") ? "_" + clean.dropFirst() : clean
        }
        let path = safe.isEmpty ? "image" : safe.joined(separator: "/")
        guard let format = ImageFormat.sniff(content) else { return path }
        let (stem, suffix) = split(path)
        let fitting: Set<String> = format == .jpeg ? ["jpg", "jpeg"] : ["png"]
        if fitting.contains(suffix.lowercased()) { return path }
        let known: Set<String> = ["jpg", "jpeg", "png"]
        return (known.contains(suffix.lowercased()) ? stem : path) + (format == .jpeg ? ".jpg" : ".png")
    }

    /// What is left of a path behind a prefix that it begins with.
    static func below(_ prefix: String, _ path: String) -> String { String(Substring(path.utf8.dropFirst(prefix.utf8.count))) }

    /// The path without its extension: what pairs a picture with its annotation.
    public static func stem(of path: String) -> String { split(path).stem }

    private static func split(_ path: String) -> (stem: String, suffix: String) {
        let nameStart = path.lastIndex(of: "/").map { path.index(after: $0) } ?? path.startIndex
        guard let dot = path[nameStart...].lastIndex(of: "."), dot > nameStart else { return (path, "") }
        return (String(path[..<dot]), String(path[path.index(after: dot)...]))
    }
}
