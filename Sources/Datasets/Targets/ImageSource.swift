/// One picture of a training set with its target: what every task's record has.
public protocol TargetedImage: Sendable {
    /// What an error names: a path, or `test_batch.bin, record 17` (records count from 0).
    var id: String { get }
    /// The picture, not decoded.
    var payload: ImagePayload { get }
}

/// A task's records in storage that is read in any order: the classes are known, and every target has been checked against them.
public protocol TargetedImages: RandomAccessDataset where Record: TargetedImage {
    /// Name of each class; position = class number.
    var classNames: [String] { get }
    /// What the records were read from, for people.
    var source: String { get }
    /// Things that are odd but no reason to stop, one sentence each.
    var warnings: [String] { get }

    /// The records at `indices`, in that order. `part`: what to add to ``source``, such as "10 % held out".
    /// - Throws: ``DatasetError`` if there are no indices or one is not in 0 ..< `count`.
    func subset(_ indices: [Int], called part: String) throws -> Self
    /// Holds out a part of the records for validation, the same for the same seed.
    /// - Throws: ``DatasetError`` if the fraction is not between 0 and 1, or there are too few records to hold any out.
    func split(fraction: Double, seed: UInt64) throws -> (training: Self, validation: Self)
}

extension TargetedImages {
    /// The share of one host. `recordCount`: how many records a user says that all hosts have together.
    func share(_ shard: RecordShard?, recordCount: Int?) throws -> Self {
        guard let shard else { return self }
        // What a user counts is the whole, and a share would not be told from it later.
        if let recordCount { try check(sampleCount: recordCount) }
        return try subset(Array(shard.indices(of: count)), called: "share \(shard.host + 1) of \(shard.hostCount)")
    }

    /// Compares the data with what hyperparameters or a model say about them.
    ///
    /// - Parameters:
    ///   - classCount: `num_classes`; every label must lie below it and there must be as many classes.
    ///   - sampleCount: `num_training_samples`; the step schedule is counted in it, so a wrong one would shift every step.
    /// - Throws: ``DatasetError`` with both numbers.
    public func check(classCount: Int? = nil, sampleCount: Int? = nil) throws {
        if let classCount, classCount != classNames.count {
            throw DatasetError(
                .classes, at: source,
                "num_classes is \(classCount) but there are \(classNames.count) classes (\(ClassNames.listed(classNames)))",
                remedy: "set num_classes to \(classNames.count) or correct the data")
        }
        if let sampleCount, sampleCount != count {
            throw DatasetError(
                .argument, at: source, "num_training_samples is \(sampleCount) but there are \(count) images",
                remedy: "set it to \(count), or leave it out: it is counted")
        }
    }
}

/// Where a task's images come from: storage that is read in any order, or a stream.
public enum ImageSource<Dataset: TargetedImages, Stream: TargetedStream>: Sendable where Dataset.Record == Stream.Record {
    /// Records in any order.
    case dataset(Dataset)
    /// Records as they come.
    case stream(Stream)

    /// Name of each class; position = class number.
    public var classNames: [String] {
        switch self {
        case .dataset(let dataset): dataset.classNames
        case .stream(let stream): stream.classNames
        }
    }

    /// The records where they can be read in any order.
    /// - Throws: ``DatasetError`` for a stream.
    func requireDataset() throws -> Dataset {
        switch self {
        case .dataset(let dataset): return dataset
        case .stream(let stream):
            throw DatasetError(
                .argument, at: stream.source, "it is a stream, of which no part can be taken", remedy: "use --input-mode file")
        }
    }

    /// The part that a run with these settings holds out of the data, and how many images it trains on.
    /// - Throws: ``DatasetError`` for a stream, and where nothing can be held out.
    public func heldOut(fraction: Double, seed: UInt64) throws -> (part: Self, trained: Int) {
        let parts = try requireDataset().split(fraction: fraction, seed: seed)
        return (.dataset(parts.validation), parts.training.count)
    }

    /// What the records are read from, for people.
    public var source: String {
        switch self {
        case .dataset(let dataset): dataset.source
        case .stream(let stream): stream.source
        }
    }

    /// Number of records, where it is known.
    public var count: Int? {
        switch self {
        case .dataset(let dataset): dataset.count
        case .stream(let stream): stream.count
        }
    }

    /// Things that are odd but no reason to stop, one sentence each.
    public var warnings: [String] {
        switch self {
        case .dataset(let dataset): dataset.warnings
        case .stream(let stream): stream.warnings
        }
    }

    /// Whether pictures are original files, which may be of any size.
    public var imagesAreFiles: Bool {
        switch self {
        case .dataset(let dataset):
            switch try? dataset.record(at: 0).payload {
            case .file, .stored: true
            case .encoded, .pixels, nil: false
            }
        case .stream(let stream): stream.imagesAreFiles
        }
    }
}
