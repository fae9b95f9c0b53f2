import Foundation

/// A path from the root without links and dots, whether anything is there or not; an empty one is the working folder: one text for each place.
public func realPath(_ path: String) -> String {
    URL(fileURLWithPath: path.isEmpty ? "." : path).standardizedFileURL.resolvingSymlinksInPath().path
}
