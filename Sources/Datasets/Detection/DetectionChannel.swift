import Storage

/// Opens one channel of pictures with boxes, wherever it is and in whatever way it is to be read: SageMaker's JSON, COCO, Pascal VOC, YOLO,
/// RecordIO, lists and augmented manifests, told by their content.
///
/// Source: spec data-formats.md, "Channels and input modes"; object-detection.md, "Input".
public struct DetectionChannel: AnnotationChannel {
    /// A path, an `s3://` location, or, for pipes, what the FIFOs' names begin with: `/data/train` for `/data/train_0`.
    public var location: String
    /// Where the boxes are, if not in ``location``: a folder of JSON or XML files (`train_annotation`), or a COCO file.
    public var annotations: String?
    /// The pictures' `.lst` with boxes, where one is given; a path or an `s3://` location.
    public var list: String?
    /// How the data come.
    public var mode: InputMode
    /// `AttributeNames` of an augmented manifest; nil: told by its first line, and pipes hold image records.
    public var attributeNames: [String]?
    /// `train` or `validation`, where one folder holds both.
    public var channel = "train"
    /// The classes in a model's order; the data must not contradict them.
    public var classNames: [String]?
    /// `num_classes`.
    public var classCount: Int?
    /// `label_width`; nil: any number of objects.
    public var labelWidth: Int?
    /// Whether pictures that annotations name and that are not there are an error of opening, not of their record.
    public var requiresPictures = false
    /// `num_training_samples`, which tells a stream's length.
    public var recordCount: Int?
    /// The share of this host where several train on one data set.
    public var shard: RecordShard?
    /// Names at the top of ``location`` that belong to other channels: ``AnnotatedChannel/ignored``.
    public var ignored: [String] = []
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
    public func open() throws -> DetectionSource {
        let place = try Location(location)
        switch (place, mode) {
        case (_, .pipe): return .stream(try stream(at: place))
        case (.s3, .fastFile) where try holdsRecordIO(place): return .stream(try stream(at: place))
        case (.s3, .file): return .dataset(try dataset(at: copied(location)))
        default: return .dataset(try dataset(at: location))
        }
    }

    /// Opens a channel that must be readable in any order.
    /// - Throws: ``DatasetError`` for a stream, and as ``open()``.
    public func openDataset() throws -> DetectionDataset {
        try open().requireDataset()
    }

    // MARK: Files

    private func dataset(at location: String) throws -> DetectionDataset {
        var files = AnnotatedChannel(location, stores: stores)
        files.task = .detection
        files.list = try list.map(copied)
        files.annotations = try annotations.map(copied)
        files.channel = channel
        files.classNames = classNames
        files.ignored = ignored
        files.attributeNames = attributeNames
        let dataset = try DetectionDataset(
            files.open(), classNames: classNames, classCount: classCount, labelWidth: labelWidth,
            requiresPictures: requiresPictures)
        return try dataset.share(shard, recordCount: recordCount)
    }

    private func holdsRecordIO(_ place: Location) throws -> Bool {
        if list != nil || annotations != nil { return false }
        if ChannelFiles.isRecordIO("\(place)") { return true }
        return try !ChannelFiles.isManifest("\(place)") && stores.open(place).list().contains { ChannelFiles.isRecordIO($0.name) }
    }

    // MARK: Streams

    private func stream(at place: Location) throws -> DetectionStream {
        let content = try content(of: place, for: .detection)
        return DetectionStream(content, labelWidth: labelWidth)
    }
}
