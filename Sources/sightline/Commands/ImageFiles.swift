import Foundation

/// Finds the images that a path stands for.
enum ImageFiles {
    private static let extensions: Set<String> = ["jpg", "jpeg", "png"]

    /// A file itself, whatever its name; of a folder, all JPEG and PNG files below, sorted.
    /// - Throws: ``Failure`` where there is nothing.
    static func find(_ path: String) throws -> [String] {
        var isFolder: ObjCBool = false
        guard FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) else {
            throw PathError(description: "\(path): there is no such file or folder. Check the path.")
        }
        guard isFolder.boolValue else { return [path] }
        let names = try FileManager.default.subpathsOfDirectory(atPath: path)
        let base = path.hasSuffix("/") ? path : path + "/"
        let files = names.filter { name in
            let parts = name.split(separator: "/")
            return !parts.contains { $0.hasPrefix(".") } && extensions.contains((name as NSString).pathExtension.lowercased())
        }.sorted().map { base + $0 }
        guard !files.isEmpty else { throw PathError(description: "\(path): there is no JPEG or PNG file in this folder. Check the path.") }
        return files
    }
}

/// A path that leads to nothing useful.
struct PathError: Error, CustomStringConvertible {
    let description: String
}
