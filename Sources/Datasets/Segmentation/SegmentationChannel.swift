import Storage

/// Opens one channel of pictures with masks, wherever it is and in whatever way it is to be read: folders of pictures and masks, Pascal
/// VOC's layout, and augmented manifests, as files or through a pipe.
///
/// Source: spec data-formats.md, "Segmentation, image files" and "Augmented manifest"; semantic-segmentation.md, "Channels".
public struct SegmentationChannel: AnnotationChannel {
    /// A path, an `s3://` location, or, for pipes, what the FIFOs' names begin with: `/data/train` for `/data/train_0`.
    public var location: String
    /// Where the masks are, if not in ``location``: a folder of PNGs (`train_annotation`).
    public var annotations: String?
    /// The folder with `train_label_map.json` and `validation_label_map.json`; nil: `label_map/` beside the channels, where there is one.
    public var labelMap: String?
    /// How the data come.
    public var mode: InputMode
    /// `AttributeNames` of an augmented manifest; nil: told by its first line. A pipe needs them.
    public var attributeNames: [String]?
    /// `train` or `validation`, which also chooses the label map's file.
    public var channel = "train"
    /// The classes in a model's order; the data must not contradict them.
    public var classNames: [String]?
    /// `num_classes`, background included.
    public var classCount: Int?
    /// `num_training_samples`, which tells a stream's length.
    public var recordCount: Int?
    /// The share of this host where several train on one data set.
    public var shard: RecordShard?
    /// Names at the top of ``location`` that belong to other channels: ``AnnotatedChannel/ignored``.
    public var ignored: [String] = []
    /// Whether every picture and outline must be there: see `SegmentationDataset.init`.
    public var requiresAll = false
    /// Opens buckets.
    public var stores: Stores
    /// Ends waiting for pipes.
    public var shouldStop: @Sendable () -> Bool

    /// A channel of files at `location` with nothing else known.
    public init(_ location: String, stores: Stores = Stores()) {
        self.location = location
        self.stores = stores
        mode = .file
        shouldStop = { false }
    }

    /// Opens the channel.
    /// - Throws: ``DatasetError``, `StorageError`.
    public func open() throws -> SegmentationSource {
        let place = try Location(location)
        let map = try labelMap.map {
            try LabelMap.read(from: stores.open(Location($0)), for: channel == "validation" ? .validation : .training)
        }
        guard mode == .pipe else { return .dataset(try dataset(at: copied(location), map)) }
        if attributeNames == nil, !ChannelFiles.isManifest("\(place)") {
            throw DatasetError(
                .argument, at: location,
                "a pipe of segmentation holds each picture and behind it its mask, as an augmented manifest names them",
                remedy: "give the attributes: --attribute-names source-ref,mask-ref")
        }
        return .stream(SegmentationStream(try content(of: place, for: .segmentation), labelMap: map ?? .identity))
    }

    /// Opens a channel that must be readable in any order.
    /// - Throws: ``DatasetError`` for a stream, and as ``open()``.
    public func openDataset() throws -> SegmentationDataset {
        try open().requireDataset()
    }

    private func dataset(at location: String, _ map: LabelMap?) throws -> SegmentationDataset {
        var files = AnnotatedChannel(location, stores: stores)
        files.task = .segmentation
        files.annotations = try annotations.map(copied)
        files.channel = channel
        files.classNames = classNames
        files.ignored = ignored
        files.attributeNames = attributeNames
        let dataset = try SegmentationDataset(
            files.open(), classNames: classNames, classCount: classCount, labelMap: map, requiresAll: requiresAll)
        return try dataset.share(shard, recordCount: recordCount)
    }
}
