import Foundation

/// Real data beside the repository; tests that need them are skipped where they are absent.
enum SharedFolder {
    private static let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent().appendingPathComponent("shared/data")
        .standardized.path

    static func path(_ name: String) -> String { root + "/" + name }
    static func holds(_ name: String) -> Bool { FileManager.default.fileExists(atPath: path(name)) }
}
