import Storage

/// The image records of a RecordIO stream, in order: a pipe, or files that are read from end to end.
///
/// Source: spec data-formats.md, "Channels and input modes"; recordio.md, "Image record".
public final class RecordIOStream: AnnotatedImageStream, @unchecked Sendable {
    // Unchecked: a stream belongs to one thread at a time.
    private let reader: RecordIOReader
    private let task: VisionTask
    private let labelWidth: Int?
    private let place: String
    private var nextNumber = 0

    /// Whether the last error was one record's and the next can be read: false where the stream itself is damaged.
    public private(set) var isRecoverable = true

    /// Reads `stream` from a record's beginning.
    ///
    /// - Parameters:
    ///   - stream: concatenated RecordIO files are a RecordIO stream, too.
    ///   - task: classification or detection.
    ///   - labelWidth: `label_width`: how many labels a record must have; nil: as many as it has.
    ///   - place: what errors call the stream.
    public init(_ stream: any ByteStream, task: VisionTask, labelWidth: Int? = nil, place: String) {
        reader = RecordIOReader(stream, place: place)
        self.task = task
        self.labelWidth = labelWidth
        self.place = place
    }

    /// The next record; nil at the end.
    /// - Throws: ``DatasetError``, `StorageError`; see ``isRecoverable``.
    public func next() throws -> AnnotatedImage? {
        isRecoverable = false
        let number = nextNumber
        return try reader.withNext { payload in
            isRecoverable = true
            nextNumber += 1
            return try RecordIOImages.image(
                payload: payload, number: number, task: task, labelWidth: labelWidth, place: "\(place), record \(number)")
        }
    }
}
