import Foundation
import Storage

/// The records of an augmented manifest in any order. Opening reads the manifest once for the places of its lines (4 bytes each are
/// kept); a line is read again, and judged, when it is asked for. A manifest in a bucket is copied into a temporary file.
///
/// Source: spec data-formats.md, "Augmented manifest".
public struct ManifestImages: AnnotatedImages {
    /// The lines' meaning.
    public let manifest: AugmentedManifest
    /// Name of each class, from the lines' metadata; nil where they tell none or were not asked.
    public let classNames: [String]?
    /// `augmented manifest train.manifest`.
    public let source: String
    /// Class names that contradict each other.
    public let warnings: [String]

    private let file: LocalFile
    private let index: ManifestIndex
    private let line: ManifestLine
    /// What opening has gathered, where it was asked to: every label, or which record has none.
    private let gathered: (labels: ClassificationLabels, broken: Int?)?

    /// The task that the labels are for.
    public var task: VisionTask { manifest.task }
    /// Number of lines that are not blank.
    public var count: Int { index.count }

    /// Opens a manifest.
    ///
    /// - Parameters:
    ///   - name: the manifest.
    ///   - store: where it is. References that are relative paths lie beside it.
    ///   - manifest: what its lines mean.
    ///   - readsClassNames: whether to look for class names in the metadata of every line, which takes several times as long as finding the
    ///     lines does.
    ///   - readsLabels: whether to read, for classification, every label on the way; ``labels()`` reads the manifest again otherwise.
    ///   - open: opens the buckets of `s3://` references.
    /// - Throws: ``DatasetError`` for a manifest without lines; `StorageError`.
    public init(
        _ name: String, in store: any ObjectStore, as manifest: AugmentedManifest, readsClassNames: Bool = true, readsLabels: Bool = false,
        opening open: @escaping LocationOpener = AugmentedManifest.localFilesOnly
    ) throws {
        let place = store.location(of: name)
        self.manifest = manifest
        file = try store is LocalStore ? LocalFile(place) : Self.copied(name, from: store)
        source = "augmented manifest \(place)"
        var line = ManifestLine(manifest, file: place, references: ManifestReferences(manifest: name, in: store, open: open))
        let countsClasses = manifest.task == .classification && manifest.labelFormat == .classID && manifest.classCount == nil
        var wishes: ManifestScan.Wishes = []
        if readsClassNames || countsClasses { wishes.insert(.classNames) }
        // Class ids are no vectors before their number is known.
        if readsLabels, manifest.task == .classification, !countsClasses { wishes.insert(.labels) }
        let found = try ManifestScan(file: file, line: line, wishes: wishes).run()
        guard found.index.count > 0 else { throw DatasetError.emptyManifest(place) }
        if countsClasses, found.names.highest >= 0 { line.label.inferredClassCount = found.names.highest + 1 }
        self.line = line
        index = found.index
        gathered = wishes.contains(.labels) ? (found.labels, found.broken) : nil
        classNames = readsClassNames ? found.names.list(classCount: manifest.classCount) : nil
        warnings = found.names.warnings
    }

    /// Record `index`.
    /// - Throws: ``DatasetError`` for a line that breaks the format, and for an index out of range.
    public func record(at index: Int) throws -> AnnotatedImage {
        guard index >= 0, index < count else {
            throw DatasetError(.argument, at: source, "there is no record \(index) of \(count)", remedy: "count records from 0")
        }
        let (start, number) = self.index.place(of: index)
        let next = index + 1 < count ? self.index.place(of: index + 1).offset : file.size
        // Blank lines may follow; a line beyond the limit is not read further than it takes to know that.
        var bytes = try file.bytes(in: start..<min(next, start + JSONLines.defaultLimit + 1))
        if let end = bytes.firstIndex(of: 0x0A) { bytes.removeSubrange(end...) }
        guard bytes.count <= JSONLines.defaultLimit else { throw JSONLines.tooLong(line.file, number, limit: JSONLines.defaultLimit) }
        return try bytes.withUnsafeBufferPointer { try line.record($0, number: number) }
    }

    /// The label of every line.
    /// - Throws: ``DatasetError``: that of the first line that breaks the format.
    public func labels() throws -> ClassificationLabels {
        guard task == .classification else {
            throw DatasetError(.label, at: "\(source), record 0", "its annotation is no class label", remedy: "check the format")
        }
        let (labels, broken) =
            try gathered
            ?? { found in (found.labels, found.broken) }(
                ManifestScan(file: file, line: line, wishes: .labels).run())
        guard let broken else { return labels }
        _ = try record(at: broken)
        throw DatasetError(.unreadable, at: file.path, "it has changed since it was opened", remedy: "start again when nobody writes to it")
    }

    // The copy has no name: it goes when the last who reads it does.
    private static func copied(_ name: String, from store: any ObjectStore) throws -> LocalFile {
        let path = FileManager.default.temporaryDirectory.appendingPathComponent("sightline-manifest-\(UUID().uuidString)").path
        let sink = try FileSink(path)
        let stream = try store.open(name)
        var piece = [UInt8](repeating: 0, count: 1 << 20)
        while true {
            let count = try piece.withUnsafeMutableBytes { try stream.read(into: $0) }
            if count == 0 { break }
            try piece.withUnsafeBytes { try sink.write(UnsafeRawBufferPointer(rebasing: $0[..<count])) }
        }
        try sink.commit()
        defer { unlink(path) }
        return try LocalFile(path)
    }
}
