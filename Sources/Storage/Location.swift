import Foundation

/// Where data are: a path of this machine, or an `s3://` location.
public enum Location: Sendable, Equatable, CustomStringConvertible {
    /// A path.
    case file(String)
    /// A bucket and a key or prefix in it, which may be empty.
    case s3(bucket: String, key: String)

    /// Reads `s3://bucket/key`, `file:///path` or a plain path.
    /// - Throws: ``StorageError`` for an empty text, a bucket without a name, or another scheme.
    public init(_ text: String) throws {
        guard !text.isEmpty else {
            throw StorageError(.location, at: "location", "it is empty", remedy: "give a path or s3://bucket/key")
        }
        guard let mark = text.range(of: "://") else {
            self = .file(text)
            return
        }
        let rest = text[mark.upperBound...]
        switch text[..<mark.lowerBound].lowercased() {
        case "s3":
            let bucket = rest.prefix { $0 != "/" }
            guard !bucket.isEmpty else {
                throw StorageError(.location, at: text, "the bucket has no name", remedy: "write s3://bucket/key")
            }
            self = .s3(bucket: String(bucket), key: String(rest.dropFirst(bucket.count + 1)))
        case "file":
            guard rest.hasPrefix("/") else {
                throw StorageError(.location, at: text, "a file: location holds an absolute path", remedy: "write file:///folder/file")
            }
            self = .file(rest.removingPercentEncoding ?? String(rest))
        case let scheme:
            throw StorageError(.location, at: text, "'\(scheme)' is not a scheme that is read", remedy: "give a path or s3://bucket/key")
        }
    }

    /// What lies at `name` below this location.
    public func appending(_ name: String) -> Location {
        func joined(_ path: String) -> String { path.isEmpty || path.hasSuffix("/") ? path + name : "\(path)/\(name)" }
        return switch self {
        case .file(let path): .file(joined(path))
        case .s3(let bucket, let key): .s3(bucket: bucket, key: joined(key))
        }
    }

    /// The location as it would be written.
    public var description: String {
        switch self {
        case .file(let path): path
        case .s3(let bucket, let key): "s3://\(bucket)/\(key)"
        }
    }
}
