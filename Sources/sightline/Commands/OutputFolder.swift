import Foundation
import Glibc
import Machine

/// The folder that a command writes files about pictures into, looked at before the work begins.
enum OutputFolder {
    /// Makes the folder. `images`: files or folders of pictures that are looked at, none of which it may be: a file of a picture's own name
    /// would take its place.
    /// - Throws: ``Failure`` where it is one of these, or can't be written into.
    static func prepare(_ folder: String, besides images: [String] = []) throws {
        let own = realPath(folder)
        for path in images {
            guard let files = try? ImageFiles.find(path, leavingOut: folder).files else { continue }
            let folders = Set(files.map { ($0.path as NSString).deletingLastPathComponent })
            if folders.contains(where: { realPath($0) == own }) {
                throw Failure.usage(
                    "--output is \(folder), where pictures of \(path) lie: what is drawn would take their place. Give another folder.")
            }
        }
        do {
            try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        } catch {
            throw PathError(description: "\(folder) cannot be made: \(error.systemReason). Choose another --output.")
        }
        guard access(folder, W_OK | X_OK) == 0 else {
            throw PathError(description: "\(folder) cannot be written into: \(String(cString: strerror(errno))). Choose another --output.")
        }
    }

    /// Refuses a run's folder that is, or lies in, a folder of class folders: what the run writes there would be classes of the next one.
    static func refuse(_ output: String, inside data: [String?]) throws {
        let own = realPath(output)
        for path in data.compactMap({ $0 }) where !path.contains("://") {
            let whole = realPath(path)
            guard own == whole || own.hasPrefix(whole + "/") else { continue }
            throw Failure.usage(
                "--output is \(output), in the folder of the images \(path): it would be a class of it. Give another folder.")
        }
    }
}
