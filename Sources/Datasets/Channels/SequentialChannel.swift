import Foundation
import Storage

/// What a platform writes into a channel's pipe: RecordIO files one behind the other, or an augmented manifest whose attributes become
/// records.
///
/// Source: spec recordio.md, "Inside a SageMaker channel"; data-formats.md, "Augmented manifest".
public struct SequentialChannel: Sendable {
    private let store: any ObjectStore
    private let files: [String]
    private let attributeNames: [String]?
    private let stores: Stores

    /// Finds the channel's files.
    ///
    /// `channel`: `train`, `validation` or another, whose files are taken where a folder holds several channels'. `attributeNames`: those of the
    /// manifest that are passed; nil: what its first line tells.
    /// - Throws: ``DatasetError`` where there is neither RecordIO nor a manifest, or names leave a choice; `StorageError`.
    public init(_ location: Location, channel: String, attributeNames: [String]? = nil, stores: Stores) throws {
        (store, files) = try Self.files(at: location, stores: stores, of: ChannelName(channel))
        self.stores = stores
        guard let first = files.first else {
            throw DatasetError(
                .unreadable, at: "\(location)", "it holds neither RecordIO (.rec) nor a manifest (.manifest, .jsonl)",
                remedy: "check the path, or make RecordIO with 'sightline convert'")
        }
        if ChannelFiles.isManifest(first), attributeNames == nil {
            self.attributeNames = try AugmentedManifest.inferred(from: first, in: store).attributeNames
        } else {
            self.attributeNames = attributeNames
        }
    }

    /// The files at a location that are read from end to end: RecordIO files, or else one manifest. `name`: of the channel, where files
    /// are named for channels.
    static func files(
        at location: Location, stores: Stores, of name: ChannelName
    ) throws -> (store: any ObjectStore, files: [String]) {
        if ChannelFiles.isRecordIO("\(location)") || ChannelFiles.isManifest("\(location)") {
            let (store, name) = try stores.open(fileAt: location)
            return (store, [name])
        }
        let store = try stores.open(location)
        if case .file(let path) = location, !FileManager.default.fileExists(atPath: path) { return (store, []) }
        let paths = try store.list().map(\.name)
        let records = paths.filter(ChannelFiles.isRecordIO)
        let manifests = paths.filter(ChannelFiles.isManifest)
        guard records.isEmpty else { return (store, try name.records(among: records, at: store.place)) }
        return (store, try name.only(of: manifests, at: store.place).map { [$0] } ?? [])
    }

    /// Writes one epoch.
    /// - Throws: ``DatasetError`` for a line that lacks an attribute; `StorageError`; what the sink throws.
    public func write(to sink: any ByteSink) throws {
        guard ChannelFiles.isManifest(files[0]) else {
            var piece = [UInt8](repeating: 0, count: 1 << 18)
            for file in files {
                let stream = try store.open(file)
                while case let count = try piece.withUnsafeMutableBytes({ try stream.read(into: $0) }), count > 0 {
                    try piece.withUnsafeBytes { try sink.write(UnsafeRawBufferPointer(rebasing: $0[..<count])) }
                }
            }
            return
        }
        let writer = RecordIOWriter(sink)
        let references = ManifestReferences(manifest: files[0], in: store) { [stores] in (try stores.open($0), "") }
        let place = store.location(of: files[0])
        let lines = JSONLines(try store.open(files[0]), place: place)
        try ManifestFraming(attributeNames: attributeNames ?? [], place: place, references: references).write(lines, to: writer)
        try writer.flush()
    }
}
