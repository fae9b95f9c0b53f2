import Foundation
import Synchronization

/// Opens the places that locations name. Buckets share connections and credentials. From any thread.
public final class Stores: Sendable {
    private let environment: [String: String]
    private let retries: RetryPolicy
    private let shouldStop: @Sendable () -> Bool
    private let client = Mutex<S3Client?>(nil)

    /// Stores for one run. `environment`: where credentials, region and endpoint of S3 are looked up. `retries`: when a request that failed
    /// is tried again. `shouldStop`: whether nobody waits for an answer any more: a request that failed is not tried again then.
    public init(
        environment: [String: String] = ProcessInfo.processInfo.environment, retries: RetryPolicy = RetryPolicy(),
        shouldStop: @escaping @Sendable () -> Bool = { false }
    ) {
        self.environment = environment
        self.retries = retries
        self.shouldStop = shouldStop
    }

    /// The store of a folder or prefix.
    /// - Throws: ``StorageError`` for settings of S3 that can't be.
    public func open(_ folder: Location) throws -> any ObjectStore {
        switch folder {
        case .file(let path): LocalStore(path)
        case .s3(let bucket, let key): S3Store(client: try s3(), bucket: bucket, prefix: key)
        }
    }

    /// The store of the folder that holds an object, and the object's name in it.
    /// - Throws: ``StorageError`` for settings of S3 that can't be.
    public func open(fileAt location: Location) throws -> (store: any ObjectStore, name: String) {
        switch location {
        case .file(let path):
            let parts = Self.split(path)
            return (LocalStore(parts.folder.isEmpty ? (path.hasPrefix("/") ? "/" : ".") : parts.folder), parts.name)
        case .s3(let bucket, let key):
            let parts = Self.split(key)
            return (S3Store(client: try s3(), bucket: bucket, prefix: parts.folder), parts.name)
        }
    }

    private static func split(_ path: String) -> (folder: String, name: String) {
        guard let slash = path.lastIndex(of: "/") else { return ("", path) }
        return (String(path[..<slash]), String(path[path.index(after: slash)...]))
    }

    private func s3() throws -> S3Client {
        try client.withLock { client in
            if let client { return client }
            let made = try S3Client(environment: environment, retries: retries, isWanted: { [shouldStop] in !shouldStop() })
            client = made
            return made
        }
    }
}
