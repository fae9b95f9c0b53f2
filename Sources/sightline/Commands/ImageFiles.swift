import Datasets
import Foundation
import Machine

/// Finds the images that a path stands for.
enum ImageFiles {
    /// What a path stands for.
    struct Found {
        /// Paths, and what they are below a folder that was searched: a file's own name where it was named itself.
        var files: [(path: String, name: String)] = []
        /// Files that are no JPEG or PNG by their names.
        var others: [String] = []
    }

    /// A file itself, whatever its name; of a folder, all JPEG and PNG files below, sorted, but for those in the folder `leftOut`.
    /// - Throws: ``PathError`` where there is nothing.
    static func find(_ path: String, leavingOut leftOut: String? = nil) throws -> Found {
        var isFolder: ObjCBool = false
        guard FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) else {
            throw PathError(description: "\(path): there is no such file or folder. Check the path.")
        }
        guard isFolder.boolValue else { return Found(files: [(path, (path as NSString).lastPathComponent)]) }
        let names = try FileManager.default.subpathsOfDirectory(atPath: path)
        let base = path.hasSuffix("/") ? path : path + "/"
        let beginning = leftOut.flatMap { leftOut -> String? in
            let (own, whole) = (realPath(leftOut) + "/", realPath(path) + "/")
            return own != whole && own.hasPrefix(whole) ? String(own.dropFirst(whole.count)) : nil
        }
        var found = Found()
        for name in names.sorted() where !name.split(separator: "/").contains(where: { $0.hasPrefix(".") }) {
            if let beginning, name.hasPrefix(beginning) { continue }
            if ClassFolders.isImage(name) {
                found.files.append((base + name, name))
            } else if FileManager.default.fileExists(atPath: base + name, isDirectory: &isFolder), !isFolder.boolValue {
                found.others.append(name)
            }
        }
        guard !found.files.isEmpty else {
            throw PathError(description: "\(path): there is no JPEG or PNG file in this folder. Check the path.")
        }
        return found
    }
}

/// A path that leads to nothing useful.
struct PathError: Error, CustomStringConvertible {
    let description: String
}
