import Storage

/// Whole records for ``WrappedRecordStream``. Unchecked: a stream belongs to one thread at a time.
final class RecordIOSource: RecordSource, @unchecked Sendable {
    private let reader: RecordIOReader

    init(_ stream: any ByteStream, place: String) { reader = RecordIOReader(stream, place: place) }

    func nextRecord() throws -> [UInt8]? { try reader.next() }
}

extension WrappedRecordStream {
    /// The records that a platform makes of an augmented manifest's lines: each attribute one RecordIO record.
    ///
    /// - Parameters:
    ///   - stream: the pipe.
    ///   - manifest: what the attributes mean.
    ///   - place: what errors call the pipe.
    public convenience init(_ stream: any ByteStream, as manifest: AugmentedManifest, place: String) {
        self.init(RecordIOSource(stream, place: place), as: manifest, place: place)
    }
}
