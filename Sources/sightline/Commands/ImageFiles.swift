import Foundation
import Machine

/// Finds the images that a path stands for.
enum ImageFiles {
    private static let extensions: Set<String> = ["jpg", "jpeg", "png"]

    /// A file itself, whatever its name; of a folder, all JPEG and PNG files below, sorted, but for those in the folder `leftOut`.
    /// - Throws: ``PathError`` where there is nothing.
    static func find(_ path: String, leavingOut leftOut: String? = nil) throws -> [String] {
        var isFolder: ObjCBool = false
        guard FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) else {
            throw PathError(description: "\(path): there is no such file or folder. Check the path.")
        }
        guard isFolder.boolValue else { return [path] }
        let names = try FileManager.default.subpathsOfDirectory(atPath: path)
        let base = path.hasSuffix("/") ? path : path + "/"
        let beginning = leftOut.flatMap { leftOut -> String? in
            let (own, whole) = (realPath(leftOut) + "/", realPath(path) + "/")
            return own != whole && own.hasPrefix(whole) ? String(own.dropFirst(whole.count)) : nil
        }
        let files = names.filter { name in
            if let beginning, name.hasPrefix(beginning) { return false }
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
