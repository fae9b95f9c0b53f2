import Foundation
import Storage

/// Opens the epochs of a channel that is read in order, for any task: FIFOs, RecordIO files one behind the other, a manifest.
///
/// Source: spec data-formats.md, "Channels and input modes", "Augmented manifest"; recordio.md, "Inside a SageMaker channel".
struct SequentialOpener: Sendable {
    /// What the labels are for.
    var task: VisionTask
    /// Opens buckets.
    var stores: Stores
    /// Which half, where one folder holds both.
    var split: ClassificationSplit
    /// `AttributeNames` of an augmented manifest; nil: told by its first line, and pipes hold image records.
    var attributeNames: [String]?
    /// How a manifest's multi-label classification is written.
    var labelFormat = AugmentedManifest.LabelFormat.multiHot
    /// How whole objects are shared, where they are.
    var objects: ObjectShare?
    /// Ends waiting for pipes.
    var shouldStop: @Sendable () -> Bool

    private var opener: LocationOpener { { [stores] location in (try stores.open(location), "") } }

    /// How to open the stream of an epoch, by the number of streams before it; whether its pictures are a manifest's files.
    func streams(
        _ location: Location, classCount: Int
    ) throws -> (isManifest: Bool, open: @Sendable (_ pass: Int) throws -> any AnnotatedImageStream) {
        let names = try SequentialChannel.files(at: location, stores: stores, of: ChannelName(split))
        if names.files.isEmpty {
            if let objects {
                throw DatasetError(
                    .argument, at: objects.place, "a pipe's objects can't be told apart",
                    remedy: "share by record, or let who writes into the pipe share them")
            }
            guard case .file(let path) = location else {
                throw DatasetError(
                    .unreadable, at: "\(location)",
                    "it holds neither RecordIO (.rec) nor a manifest (.manifest), and nothing else is a stream",
                    remedy: "use --input-mode file or fastfile")
            }
            return (attributeNames != nil, try pipes(path, classCount: classCount))
        }
        let (store, files, opener, task) = (names.store, names.files, opener, task)
        if ChannelFiles.isManifest(files[0]) {
            let manifest = try manifest(files[0], in: store, classCount: classCount)
            return (true, { _ in try ManifestStream(files[0], in: store, as: manifest, opening: opener) })
        }
        let own = try objects?.names(of: files) ?? files
        return (
            false,
            { _ in
                let bytes = ChainedStream(own.map { name in { try store.open(name) } })
                return RecordIOStream(bytes, task: task, place: store.location(of: own[0]))
            }
        )
    }

    private func manifest(_ name: String, in store: any ObjectStore, classCount: Int) throws -> AugmentedManifest {
        guard let attributeNames else {
            return try .inferred(from: name, in: store, task: task, labelFormat: labelFormat, classCount: classCount)
        }
        return try AugmentedManifest(task: task, attributeNames: attributeNames, labelFormat: labelFormat, classCount: classCount)
    }

    private func pipes(_ path: String, classCount: Int) throws -> @Sendable (Int) throws -> any AnnotatedImageStream {
        let folder = (path as NSString).deletingLastPathComponent
        let channel = (path as NSString).lastPathComponent
        let manifest = try attributeNames.map {
            try AugmentedManifest(task: task, attributeNames: $0, labelFormat: labelFormat, classCount: classCount)
        }
        return { [shouldStop, task] pass in
            let pipe = PipeStream.path(folder: folder.isEmpty ? "." : folder, channel: channel, number: pass)
            let bytes = try PipeStream(pipe, patience: PipePatience(shouldStop: shouldStop))
            guard let manifest else { return RecordIOStream(bytes, task: task, place: pipe) }
            return WrappedRecordStream(bytes, as: manifest, place: pipe)
        }
    }
}
