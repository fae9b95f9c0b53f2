/// A task's records that come in order, once an epoch: a pipe, or files too large or too far away to be read in any order.
public protocol TargetedStream: Sendable {
    /// What one record holds.
    associatedtype Record: TargetedImage

    /// What the stream is, apart from its task.
    var content: StreamContent { get }

    /// A record of the stream as the task wants it.
    /// - Throws: ``DatasetError`` for a target that does not fit the task or the classes.
    func record(_ image: AnnotatedImage) throws -> Record
}

/// What a stream of any task is: where it comes from, its classes, and how an epoch of it is opened.
public struct StreamContent: Sendable {
    /// Name of each class; position = class number.
    public let classNames: [String]
    /// What the records are read from, for people.
    public let source: String
    /// Records an epoch where somebody has said so; a stream that holds more or fewer is read to its end all the same.
    public let count: Int?
    /// Whether the pictures are the original files, which may be of any size, or were made for training.
    public let imagesAreFiles: Bool
    /// Things that are odd but no reason to stop, one sentence each.
    public let warnings: [String]
    fileprivate let opener: RecordFeed.Opener

    /// A stream whose epochs `opener` opens.
    ///
    /// - Parameters:
    ///   - source: what messages call it.
    ///   - classNames: position = class number.
    ///   - count: records an epoch, if known.
    ///   - imagesAreFiles: whether pictures are original files.
    ///   - warnings: odd things that were met.
    ///   - opener: opens an epoch's stream.
    /// - Throws: ``DatasetError`` where names repeat or are empty.
    public init(
        source: String, classNames: [String], count: Int?, imagesAreFiles: Bool, warnings: [String] = [],
        opener: @escaping RecordFeed.Opener
    ) throws {
        try ClassNames.check(classNames, at: source)
        self.source = source
        self.classNames = classNames
        self.count = count
        self.imagesAreFiles = imagesAreFiles
        self.warnings = warnings
        self.opener = opener
    }
}

extension TargetedStream {
    /// Name of each class; position = class number.
    public var classNames: [String] { content.classNames }
    /// What the records are read from, for people.
    public var source: String { content.source }
    /// Records an epoch where somebody has said so.
    public var count: Int? { content.count }
    /// Whether the pictures are the original files, which may be of any size, or were made for training.
    public var imagesAreFiles: Bool { content.imagesAreFiles }
    /// Things that are odd but no reason to stop, one sentence each.
    public var warnings: [String] { content.warnings }

    /// Reads ahead for one loader. `bounds`: ``ShuffleBounds/none`` keeps the order. `firstPass`: epochs that feeds before this one opened.
    public func feed(bounds: ShuffleBounds, seed: UInt64, firstPass: Int = 0) -> RecordFeed {
        RecordFeed(source: source, bounds: bounds, seed: seed, firstPass: firstPass, opener: content.opener)
    }
}
