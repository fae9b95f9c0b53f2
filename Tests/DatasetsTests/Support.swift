import CZlib
import Foundation
import Testing

@testable import Datasets

/// A folder that lives as long as the test.
final class TemporaryFolder {
    let path: String

    init() throws {
        let url = FileManager.default.temporaryDirectory.appendingPathComponent("datasets-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
        path = url.path
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }

    @discardableResult
    func write(_ bytes: [UInt8], to name: String) throws -> String {
        let url = URL(fileURLWithPath: path).appendingPathComponent(name)
        try FileManager.default.createDirectory(at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
        try Data(bytes).write(to: url)
        return url.path
    }

    @discardableResult
    func write(_ text: String, to name: String) throws -> String { try write(Array(text.utf8), to: name) }

    func makeFolder(_ name: String) throws {
        try FileManager.default.createDirectory(
            at: URL(fileURLWithPath: path).appendingPathComponent(name), withIntermediateDirectories: true)
    }

    /// Empty files, enough for readers that do not decode.
    func touch(_ names: String...) throws {
        for name in names { try write([UInt8](), to: name) }
    }
}

/// Real data beside the repository; tests that need them are skipped where they are absent.
enum SharedData {
    static let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().deletingLastPathComponent().appendingPathComponent("shared/data").standardized.path

    static func path(_ name: String) -> String { root + "/" + name }
    static func holds(_ name: String) -> Bool { FileManager.default.fileExists(atPath: path(name)) }
}

/// The error that `body` throws, as the text that users see.
func message(_ body: () throws -> Void) -> String {
    do {
        try body()
        return "no error"
    } catch {
        return String(describing: error)
    }
}

/// A gzip member around `bytes`.
func gzip(_ bytes: [UInt8]) -> [UInt8] {
    var out = [UInt8](repeating: 0, count: czlib_deflate_bound(bytes.count))
    var length = 0
    let code = czlib_deflate(bytes, bytes.count, &out, out.count, &length, -1, Int32(CZLIB_GZIP))
    return code == Int32(CZLIB_END) ? Array(out.prefix(length)) : []
}
