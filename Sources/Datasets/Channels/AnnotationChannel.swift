import Storage

/// What the channels of boxes and of masks have in common: where they are, how they are read, and what is known of their classes.
protocol AnnotationChannel: Sendable {
    var mode: InputMode { get }
    /// `train` or `validation`.
    var channel: String { get }
    var attributeNames: [String]? { get }
    var classNames: [String]? { get }
    var classCount: Int? { get }
    var recordCount: Int? { get }
    var shard: RecordShard? { get }
    var stores: Stores { get }
    var shouldStop: @Sendable () -> Bool { get }
}

extension AnnotationChannel {
    /// What lies in a bucket is copied where files are asked for.
    func copied(_ location: String) throws -> String {
        guard mode == .file, case .s3 = try Location(location) else { return location }
        return try ChannelCopy(stores, shouldStop: shouldStop).copy(Location(location))
    }

    /// The stream at a place, this host's share of it.
    /// - Throws: ``DatasetError`` where nobody says how many classes there are, and what `SequentialOpener` throws.
    func content(of place: Location, for task: VisionTask) throws -> StreamContent {
        guard let classNames = classNames ?? classCount.map(ClassNames.placeholders) else {
            throw DatasetError(
                .argument, at: "num_classes", "it is not given, and \(place) is a stream that can't be counted in advance",
                remedy: "set num_classes, or give class names")
        }
        try ClassificationDataset.check(classNames: classNames, classCount: classCount)
        let opener = SequentialOpener(
            task: task, stores: stores, split: channel == "validation" ? .validation : .training, attributeNames: attributeNames,
            shouldStop: shouldStop)
        let (isManifest, open) = try opener.streams(place, classCount: classNames.count)
        let shard = shard
        return try StreamContent(
            source: "a stream from \(place)", classNames: classNames, count: recordCount.map { shard?.count(of: $0) ?? $0 },
            imagesAreFiles: isManifest
        ) { _, pass in
            let stream = try open(pass)
            return shard.map { ShardedStream(stream, shard: $0) } ?? stream
        }
    }
}
