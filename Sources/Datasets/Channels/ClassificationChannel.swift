import Foundation
import Storage

/// Opens one channel of labelled images, wherever it is and in whatever way it is to be read.
///
/// Source: spec data-formats.md, "Channels and input modes", "Augmented manifest"; recordio.md, "Inside a SageMaker channel".
public struct ClassificationChannel: Sendable {
    /// A path, an `s3://` location, or, for pipes, what the FIFOs' names begin with: `/data/train` for `/data/train_0`.
    public var location: String
    /// The images' `.lst`, where one is given; a path or an `s3://` location.
    public var list: String?
    /// How the data come.
    public var mode: InputMode
    /// `AttributeNames` of an augmented manifest; nil: told by its first line, and pipes hold image records.
    public var attributeNames: [String]?
    /// How a manifest's multi-label classification is written.
    public var labelFormat: AugmentedManifest.LabelFormat
    /// Which half to take where a folder holds both.
    public var split: ClassificationSplit
    /// The classes in a model's order; the data must not contradict them.
    public var classNames: [String]?
    /// `num_classes`.
    public var classCount: Int?
    /// `multi_label`, which a stream can't be asked in advance.
    public var isMultiLabel: Bool
    /// `num_training_samples`, which tells a stream's length.
    public var recordCount: Int?
    /// The share of this host where several train on one data set.
    public var shard: RecordShard?
    /// Whether this machine was given a part of the pictures, and the list of all.
    public var isPartial = false
    /// What the hosts share the data set by.
    public var shardUnit = ShardUnit.record
    /// Opens buckets.
    public var stores: Stores
    /// Where copies of buckets go; nil: into the user's cache.
    public var copyFolder: String?
    /// Ends waiting for pipes.
    public var shouldStop: @Sendable () -> Bool

    /// A channel of files at `location` with nothing else known.
    public init(_ location: String, stores: Stores = Stores()) {
        self.location = location
        self.stores = stores
        mode = .file
        labelFormat = .multiHot
        split = .training
        isMultiLabel = false
        shouldStop = { false }
    }

    /// Takes what a channel's name means: a half, under any of its names, or else the folder of that name.
    ///
    /// - Returns: false where the name means nothing here, and all of the data are taken.
    /// - Throws: ``DatasetError`` where the data are halves, and none has the name; `StorageError`.
    @discardableResult public mutating func select(_ channel: String) throws -> Bool {
        switch channel.lowercased() {
        case "train", "training": split = .training
        case "validation", "valid", "val": split = .validation
        case let name:
            // CIFAR's and IDX's test sets are the halves that are not trained on.
            split = name == "test" ? .validation : .training
            let place = try Location(location)
            guard case .file(let path) = place else {
                var isEmpty = true
                try stores.open(place.appending(channel)).list(prefix: "") { page in
                    isEmpty = page.isEmpty
                    return false
                }
                guard !isEmpty else { return false }
                location = "\(place.appending(channel))"
                return true
            }
            let halves = ClassificationDataset.halves(in: path)
            guard let folder = halves.first(where: { $0.lowercased() == name }) else {
                guard halves.isEmpty else {
                    throw DatasetError(
                        .argument, at: path, "it has no channel '\(channel)', only \(ClassNames.listed(halves))",
                        remedy: "name one of these")
                }
                return name == "test"
            }
            location = FileSystem.join(path, folder)
        }
        return true
    }

    /// Opens the channel.
    /// - Throws: ``DatasetError``, `StorageError`.
    public func open() throws -> ClassificationSource {
        let location = try Location(location)
        if mode != .pipe, list == nil, try ManifestFileStore.isOne(at: location, stores) {
            var files = AnnotatedChannel(self.location, stores: stores)
            (files.task, files.channel) = (.classification, split == .training ? "train" : "validation")
            (files.classNames, files.classCount) = (classNames, classCount)
            (files.attributeNames, files.labelFormat) = (attributeNames, labelFormat)
            return .dataset(try sharded(ClassificationDataset(files.open(), classNames: classNames, classCount: classCount)))
        }
        switch (location, mode) {
        case (_, .pipe): return .stream(try stream(at: location))
        case (.file(let path), _): return .dataset(try files(path))
        case (.s3, .file):
            if let share = objectShare(location), let dataset = try copied(location, share) { return .dataset(dataset) }
            let copy = ChannelCopy(stores, folder: copyFolder, shouldStop: shouldStop)
            var copied = self
            // `list` may lie in the bucket, too.
            copied.list = try list.map { try copy.copy(Location($0)) }
            return .dataset(try copied.files(copy.copy(location)))
        case (.s3, .fastFile): return try remote(location)
        }
    }

    /// Opens a channel that must be readable in any order.
    /// - Throws: ``DatasetError`` for a stream, and as ``open()``.
    public func openDataset() throws -> ClassificationDataset {
        switch try open() {
        case .dataset(let dataset): return dataset
        case .stream(let stream):
            throw DatasetError(
                .argument, at: stream.source, "it is a stream, of which no part can be taken", remedy: "use --input-mode file")
        }
    }

    private var opener: LocationOpener { { [stores] location in (try stores.open(location), "") } }

    /// How whole objects are shared, where they are.
    private func objectShare(_ location: Location) -> ObjectShare? {
        shardUnit == .object ? shard.map { ObjectShare(shard: $0, place: "\(location)") } : nil
    }

    private func sharded(_ dataset: ClassificationDataset) throws -> ClassificationDataset {
        guard let shard else { return dataset }
        if let recordCount { try dataset.check(sampleCount: recordCount) }
        return try dataset.subset(Array(shard.indices(of: dataset.count)), called: "share \(shard.host + 1) of \(shard.hostCount)")
    }

    // MARK: Local files

    private func files(_ path: String) throws -> ClassificationDataset {
        let share = objectShare(.file(path))
        if list == nil {
            let channel = try LocalChannel(path)
            let records = try ChannelName(split).records(among: channel.names, at: path)
            if !records.isEmpty {
                if let share {
                    return try share.records(
                        share.names(of: records), of: records.count, in: channel.store, classNames: classNames, classCount: classCount)
                }
                let images = try RecordIOParts(records, in: channel.store, classNames: classNames)
                return try sharded(ClassificationDataset(images, classNames: classNames, classCount: classCount))
            }
            if let images = try manifestImages(channel) {
                return try sharded(ClassificationDataset(images, classNames: classNames, classCount: classCount))
            }
        }
        let dataset = try ClassificationDataset(
            channel: path, list: list, split: split, classNames: classNames, classCount: classCount, isPartial: isPartial)
        guard let share else { return try sharded(dataset) }
        let store = LocalStore(FileSystem.kind(of: path) == .folder ? path : FileSystem.folder(of: path))
        let objects = try store.list().map(\.name).filter(ClassFolders.isImage)
        return try share.records(of: dataset, among: objects.map(store.location(of:)))
    }

    /// A manifest, which a path may name or a folder hold; nil: none.
    private func manifestImages(_ channel: LocalChannel) throws -> (any AnnotatedImages)? {
        if let name = try channel.only(ChannelFiles.isManifest, split: split) {
            return try ManifestImages(
                name, in: channel.store, as: manifest(name, in: channel.store), readsClassNames: classNames == nil, readsLabels: true,
                opening: opener)
        }
        return nil
    }

    private func manifest(_ name: String, in store: any ObjectStore) throws -> AugmentedManifest {
        guard let attributeNames else {
            return try .inferred(from: name, in: store, task: .classification, labelFormat: labelFormat, classCount: classCount)
        }
        return try AugmentedManifest(
            task: .classification, attributeNames: attributeNames, labelFormat: labelFormat, classCount: classCount)
    }

    // MARK: Buckets, read where they are

    private func remote(_ location: Location) throws -> ClassificationSource {
        if ChannelFiles.isRecordIO("\(location)") { return .stream(try stream(at: location)) }
        if ChannelFiles.isManifest("\(location)") {
            let (store, name) = try stores.open(fileAt: location)
            let images = try ManifestImages(
                name, in: store, as: manifest(name, in: store), readsClassNames: classNames == nil, readsLabels: true,
                opening: opener)
            return .dataset(try sharded(ClassificationDataset(images, classNames: classNames, classCount: classCount)))
        }
        let files = try ChannelFiles(try stores.open(location))
        if list == nil, files.paths.contains(where: ChannelFiles.isRecordIO) { return .stream(try stream(at: location)) }
        let images: any AnnotatedImages
        if let list {
            let (store, name) = try stores.open(fileAt: Location(list))
            images = try ListedImages(name, in: store, images: files.store, listing: files, classCount: classCount)
        } else if let name = try ChannelName(split).only(of: files.paths.filter(ChannelFiles.isManifest), at: files.place) {
            images = try ManifestImages(
                name, in: files.store, as: manifest(name, in: files.store), readsClassNames: classNames == nil, readsLabels: true,
                opening: opener)
        } else {
            images = try Self.images(in: files, split, classNames: classNames, classCount: classCount) {
                try stores.open(location.appending($0))
            }
        }
        let dataset = try ClassificationDataset(images, classNames: classNames, classCount: classCount)
        guard let share = objectShare(location), !(images is ManifestImages) else { return .dataset(try sharded(dataset)) }
        return .dataset(try share.records(of: dataset, among: files.images.map(files.location(of:))))
    }

    /// Listed images, or class folders. As beside a local list, its images lie in the folder of the same name, or else in its own.
    /// `folder`: opens that folder; nil: it can't be.
    static func images(
        in files: ChannelFiles, _ split: ClassificationSplit, classNames: [String]?, classCount: Int?,
        opening folder: ((String) throws -> any ObjectStore)? = nil
    ) throws -> any AnnotatedImages {
        guard let name = try ChannelName(split).only(of: files.paths.filter { $0.hasSuffix(".lst") }, at: files.place) else {
            return try ClassFolders(files, classNames: classNames)
        }
        let stem = ImageFileName.stem(of: name)
        var below = files
        if let folder, files.paths.contains(where: { $0.hasPrefix(stem + "/") }) { below = try ChannelFiles(try folder(stem)) }
        return try ListedImages(name, in: files.store, images: below.store, listing: below, classCount: classCount)
    }

    /// What is copied of a bucket for a share: other lists choose other objects of it.
    private func part(_ share: ObjectShare) -> String {
        let choice = "\(split) \(list ?? "")".utf8.reduce(UInt64(14_695_981_039_346_656_037)) { ($0 ^ UInt64($1)) &* 1_099_511_628_211 }
        return "\(share.name)-\(String(choice, radix: 16))"
    }

    /// This host's objects of a bucket, copied to this machine, and no others; nil: the data are a manifest.
    private func copied(_ location: Location, _ share: ObjectShare) throws -> ClassificationDataset? {
        let copy = ChannelCopy(stores, folder: copyFolder, shouldStop: shouldStop)
        let all = try SequentialChannel.files(at: location, stores: stores, of: ChannelName(split))
        if let first = all.files.first, list == nil {
            if ChannelFiles.isManifest(first) { return nil }
            let chosen = try ChannelName(split).records(among: all.files, at: share.place)
            let own = try share.names(of: chosen)
            let stems = Set(own.map(ImageFileName.stem(of:)))
            let folder = try copy.copy(from: all.store, part: part(share)) { object in
                own.contains(object.name) || object.name == ClassNames.fileName
                    || object.name.hasSuffix(".idx") && stems.contains(ImageFileName.stem(of: object.name))
            }
            return try share.records(
                own, of: chosen.count, in: LocalStore(folder), classNames: classNames, classCount: classCount)
        }
        guard case .dataset(let dataset) = try remote(location) else { return nil }
        let store = try stores.open(location)
        let own = try Set((0..<dataset.count).compactMap { try dataset.record(at: $0).payload.location(below: store) })
        let folder = try copy.copy(from: store, part: part(share)) { own.contains($0.name) }
        return dataset.replacingPayloads { payload in
            payload.location(below: store).map { .file(LocalStore(folder).location(of: $0)) } ?? payload
        }
    }

    // MARK: Streams

    private func stream(at location: Location) throws -> ClassificationStream {
        guard let classNames = classNames ?? classCount.map(ClassNames.placeholders) else {
            throw DatasetError(
                .argument, at: "num_classes", "it is not given, and \(location) is a stream that can't be counted in advance",
                remedy: "set num_classes, or give class names")
        }
        let opener = SequentialOpener(
            task: .classification, stores: stores, split: split, attributeNames: attributeNames, labelFormat: labelFormat,
            objects: objectShare(location), shouldStop: shouldStop)
        let (isManifest, open) = try opener.streams(location, classCount: classNames.count)
        let shard = shard
        // Objects have been shared already; a manifest's lines are objects.
        let byRecord = shardUnit == .record || isManifest ? shard : nil
        return try ClassificationStream(
            source: "a stream from \(location)", classNames: classNames, labelKind: isMultiLabel ? .multi : .single,
            count: recordCount.map { shard?.count(of: $0) ?? $0 }, imagesAreFiles: isManifest
        ) { _, pass in
            let stream = try open(pass)
            return byRecord.map { ShardedStream(stream, shard: $0) } ?? stream
        }
    }
}
