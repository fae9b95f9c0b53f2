import Foundation
import Machine
import Storage
import Synchronization

/// Copies a channel from a bucket to this machine, in parallel. What an earlier copy has left stays where the bucket still holds the same, by its
/// entity tag; what the bucket no longer holds goes, as readers take whatever lies in the folder. Of several processes one copies, and the others
/// find its copy.
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
        return try alone(with: "\(bucket)/\(key)") { try copy(location, bucket: bucket, key: key) }
    }

    private func copy(_ location: Location, bucket: String, key: String) throws -> String {
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
        try fetch(objects, from: source, to: LocalStore(root), index: "\(bucket)/\(key)")
        if source.place == prefix.place { try Self.remove(allBut: Set(objects.map { Self.localName(of: $0.name) }), below: root) }
        return "\(folder)/\(bucket)/\(key)"
    }

    /// Copies those objects of a prefix that are wanted, and answers the folder where they are. `part`: names the share that they are, each of
    /// which has a folder of its own.
    /// - Throws: as ``copy(_:)``.
    func copy(from store: any ObjectStore, part: String, where isWanted: (StoredObject) -> Bool) throws -> String {
        guard case .s3(let bucket, let key) = try Location(store.place) else { return store.place }
        let objects = try store.list().filter(isWanted)
        // Prefixes lie in each other, and their folders must not.
        let place = ".parts/\(part)/\(bucket)/\(key.replacing("/", with: "%2F"))"
        try alone(with: place) {
            try fetch(objects, from: store, to: LocalStore("\(folder)/\(place)"), index: place)
            try Self.remove(allBut: Set(objects.map { Self.localName(of: $0.name) }), below: "\(folder)/\(place)")
        }
        return "\(folder)/\(place)"
    }

    /// The path of an object below the copy's folder: of slashes that follow each other, file systems know one.
    static func localName(of name: String) -> String { name.split(separator: "/").joined(separator: "/") }

    /// - Throws: ``DatasetError`` for objects whose names leave the folder, or would have one path there.
    private static func checkNames(_ objects: [StoredObject], in source: any ObjectStore) throws {
        var paths: [String: String] = [:]
        for object in objects {
            guard !object.name.split(separator: "/").contains("..") else {
                throw DatasetError(.unreadable, at: source.location(of: object.name), "its name leaves the channel", remedy: "rename it")
            }
            if let other = paths.updateValue(object.name, forKey: localName(of: object.name)) {
                throw DatasetError(
                    .unreadable, at: source.location(of: object.name), "here it would have the same path as \(source.location(of: other))",
                    remedy: "rename one of them, or train with --input-mode fastfile")
            }
        }
    }

    /// Removes files that are none of `names`, and the folders that are empty then.
    static func remove(allBut names: Set<String>, below root: String) throws {
        let files = FileManager.default
        guard let found = files.enumerator(atPath: root) else { return }
        var folders: [String] = []
        for case let name as String in found {
            if FileSystem.kind(of: root + "/" + name) == .folder {
                folders.append(name)
            } else if !names.contains(name), !FileSink.isBeingWritten(name) {
                try files.removeItem(atPath: root + "/" + name)
            }
        }
        for name in folders.sorted(by: { $0.count > $1.count })
        where try files.contentsOfDirectory(atPath: root + "/" + name).isEmpty {
            try files.removeItem(atPath: root + "/" + name)
        }
    }

    // MARK: What is there already

    /// Where the tags of a copy's objects are kept.
    private func indexPath(_ index: String) -> String { path(ofIndex: index) + ".json" }

    private func path(ofIndex index: String) -> String { "\(folder)/.index/\(index.hasSuffix("/") ? String(index.dropLast()) : index)" }

    /// Calls `body` while no other process copies the same. A file system without locks is no reason not to copy.
    private func alone<Result>(with index: String, _ body: () throws -> Result) throws -> Result {
        let lock = path(ofIndex: index) + ".lock"
        try? FileManager.default.createDirectory(
            atPath: (lock as NSString).deletingLastPathComponent, withIntermediateDirectories: true)
        do {
            return try FileLock.holding(lock, isCancelled: shouldStop, body)
        } catch FileLock.Failure.cancelled {
            throw StorageError(.cancelled, at: index, "waiting for another process that copies it was cancelled", remedy: "")
        } catch FileLock.Failure.unavailable {
            return try body()
        }
    }

    private func tags(_ index: String) -> [String: String] {
        FileManager.default.contents(atPath: indexPath(index)).flatMap { try? JSONDecoder().decode([String: String].self, from: $0) } ?? [:]
    }

    private func keep(_ tags: [String: String], _ index: String) throws {
        let path = indexPath(index)
        let (store, name) = (LocalStore((path as NSString).deletingLastPathComponent), (path as NSString).lastPathComponent)
        try store.write([UInt8](JSONEncoder().encode(tags)), to: name)
    }

    /// How often a copy under way notes what it has: a killed one loses no more.
    private static let indexInterval = Duration.seconds(10)

    private func checkStop(_ source: any ObjectStore) throws {
        if shouldStop() { throw StorageError(.cancelled, at: source.place, "copying it was cancelled", remedy: "") }
    }

    private func fetch(_ objects: [StoredObject], from source: any ObjectStore, to target: LocalStore, index: String) throws {
        try Self.checkNames(objects, in: source)
        let names = Set(objects.map(\.name))
        let known = tags(index).filter { names.contains($0.key) }
        let queue = Mutex((next: 0, failure: Optional<any Error>.none))
        // What was not looked at yet is as an earlier copy has left it. Also of a copy that is broken off: it goes on where it ended.
        let copied = Mutex((tags: known, saved: ContinuousClock.now))
        defer { try? keep(copied.withLock { $0.tags }, index) }
        @Sendable func note(_ object: StoredObject) {
            copied.withLock { state in
                state.tags[object.name] = object.tag
                guard state.saved.duration(to: .now) > Self.indexInterval else { return }
                try? keep(state.tags, index)
                state.saved = .now
            }
        }
        DispatchQueue.concurrentPerform(iterations: min(Self.connections, objects.count)) { _ in
            while let object = queue.withLock({ state -> StoredObject? in
                guard state.failure == nil, state.next < objects.count else { return nil }
                defer { state.next += 1 }
                return objects[state.next]
            }) {
                do {
                    try checkStop(source)
                    let name = Self.localName(of: object.name)
                    if known[object.name] == object.tag, try target.information(about: name)?.size == object.size { continue }
                    let sink = try target.create(name)
                    let stream = try source.open(object.name)
                    var piece = [UInt8](repeating: 0, count: 1 << 18)
                    while case let count = try piece.withUnsafeMutableBytes({ try stream.read(into: $0) }), count > 0 {
                        try checkStop(source)
                        try piece.withUnsafeBytes { try sink.write(UnsafeRawBufferPointer(rebasing: $0[..<count])) }
                    }
                    try sink.commit()
                    note(object)
                } catch {
                    queue.withLock { $0.failure = $0.failure ?? error }
                }
            }
        }
        if let failure = queue.withLock({ $0.failure }) { throw failure }
    }
}
