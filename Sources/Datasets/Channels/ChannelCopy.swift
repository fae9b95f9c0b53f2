import Foundation
import Storage
import Synchronization

/// Copies a channel from a bucket to this machine, in parallel; what is there already with the same size stays.
public struct ChannelCopy: Sendable {
    private let stores: Stores
    private let folder: String
    private let shouldStop: @Sendable () -> Bool

    static let connections = 8

    /// Copies into `folder`; nil: `channels` in SIGHTLINE_CACHE, or else in the user's cache folder.
    public init(_ stores: Stores, folder: String? = nil, shouldStop: @escaping @Sendable () -> Bool = { false }) {
        self.stores = stores
        self.shouldStop = shouldStop
        let environment = ProcessInfo.processInfo.environment
        let cache = environment["SIGHTLINE_CACHE"] ?? (environment["XDG_CACHE_HOME"] ?? NSHomeDirectory() + "/.cache") + "/sightline"
        self.folder = folder ?? cache + "/channels"
    }

    /// Copies a prefix, or one object, and answers its path here.
    /// - Throws: `StorageError`, also for an object whose name would leave the folder; ``DatasetError`` where there is nothing.
    public func copy(_ location: Location) throws -> String {
        guard case .s3(let bucket, let key) = location else { return "\(location)" }
        let prefix = try stores.open(location)
        var objects = try prefix.list()
        var (source, root) = (prefix, "\(folder)/\(bucket)/\(key)")
        if objects.isEmpty {
            let (store, name) = try stores.open(fileAt: location)
            guard !name.isEmpty, let object = try store.information(about: name) else {
                throw DatasetError(.unreadable, at: "\(location)", "there is nothing", remedy: "check bucket and key")
            }
            (source, objects) = (store, [object])
            root = String(root.dropLast(name.count))
        }
        try fetch(objects, from: source, to: LocalStore(root))
        return "\(folder)/\(bucket)/\(key)"
    }

    /// Copies those objects of a prefix that are wanted, and answers the folder where they are.
    /// - Throws: as ``copy(_:)``.
    func copy(from store: any ObjectStore, where isWanted: (StoredObject) -> Bool) throws -> String {
        guard case .s3(let bucket, let key) = try Location(store.place) else { return store.place }
        let root = "\(folder)/\(bucket)/\(key)"
        try fetch(store.list().filter(isWanted), from: store, to: LocalStore(root))
        return root
    }

    private func fetch(_ objects: [StoredObject], from source: any ObjectStore, to target: LocalStore) throws {
        let queue = Mutex((next: 0, failure: Optional<any Error>.none))
        DispatchQueue.concurrentPerform(iterations: min(Self.connections, objects.count)) { _ in
            while let object = queue.withLock({ state -> StoredObject? in
                guard state.failure == nil, state.next < objects.count else { return nil }
                defer { state.next += 1 }
                return objects[state.next]
            }) {
                do {
                    if shouldStop() { throw StorageError(.cancelled, at: source.place, "copying it was cancelled", remedy: "") }
                    guard !object.name.split(separator: "/").contains("..") else {
                        throw DatasetError(
                            .unreadable, at: source.location(of: object.name), "its name leaves the channel", remedy: "rename it")
                    }
                    if try target.information(about: object.name)?.size == object.size { continue }
                    let sink = try target.create(object.name)
                    let stream = try source.open(object.name)
                    var piece = [UInt8](repeating: 0, count: 1 << 18)
                    while case let count = try piece.withUnsafeMutableBytes({ try stream.read(into: $0) }), count > 0 {
                        try piece.withUnsafeBytes { try sink.write(UnsafeRawBufferPointer(rebasing: $0[..<count])) }
                    }
                    try sink.commit()
                } catch {
                    queue.withLock { $0.failure = $0.failure ?? error }
                }
            }
        }
        if let failure = queue.withLock({ $0.failure }) { throw failure }
    }
}
