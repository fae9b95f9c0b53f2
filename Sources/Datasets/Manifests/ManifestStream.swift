import Storage

/// The records of an augmented manifest in order, from a file or a bucket, with the memory of one line however many there are.
///
/// Source: spec data-formats.md, "Augmented manifest".
public final class ManifestStream: AnnotatedImageStream, @unchecked Sendable {
    // Unchecked: a stream belongs to one thread at a time.
    private let lines: JSONLines
    private let line: ManifestLine
    private(set) var names = ManifestClassNames()

    /// Opens a manifest.
    ///
    /// - Parameters:
    ///   - name: the manifest.
    ///   - store: where it is. References that are relative paths lie beside it.
    ///   - manifest: what its lines mean.
    ///   - open: opens the buckets of `s3://` references.
    /// - Throws: `StorageError`.
    public init(
        _ name: String, in store: any ObjectStore, as manifest: AugmentedManifest,
        opening open: @escaping LocationOpener = AugmentedManifest.localFilesOnly
    ) throws {
        let place = store.location(of: name)
        lines = JSONLines(try store.open(name), place: place)
        line = ManifestLine(manifest, file: place, references: ManifestReferences(manifest: name, in: store, open: open))
    }

    /// The record of the next line that is not blank.
    /// - Throws: ``DatasetError`` for a line that breaks the format; `StorageError`.
    public func next() throws -> AnnotatedImage? {
        try lines.next { try line.record($0, number: lines.number, names: &names) }
    }

    /// True after a broken line, false after a failure to read.
    public var isRecoverable: Bool { lines.isRecoverable }

    /// Class names that the metadata of the lines so far have told; nil where they told none.
    public var classNamesSoFar: [String]? { names.list(classCount: line.manifest.classCount) }
}
