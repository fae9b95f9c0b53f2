import Foundation
import Storage

/// The records of an augmented manifest in any order. Opening reads the manifest once for the places of its lines (8 bytes each are
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

    /// The task that the labels are for.
    public var task: VisionTask { manifest.task }
    /// Number of lines that are not blank.
    public var count: Int { index.offsets.count }

    /// Opens a manifest.
    ///
    /// - Parameters:
    ///   - name: the manifest.
    ///   - store: where it is. References that are relative paths lie beside it.
    ///   - manifest: what its lines mean.
    ///   - readsClassNames: whether to look for class names in the metadata of every line, which takes several times as long as finding the
    ///     lines does.
    ///   - open: opens the buckets of `s3://` references.
    /// - Throws: ``DatasetError`` for a manifest without lines; `StorageError`.
    public init(
        _ name: String, in store: any ObjectStore, as manifest: AugmentedManifest, readsClassNames: Bool = true,
        opening open: @escaping LocationOpener = AugmentedManifest.localFilesOnly
    ) throws {
        let place = store.location(of: name)
        self.manifest = manifest
        file = try store is LocalStore ? LocalFile(place) : Self.copied(name, from: store)
        source = "augmented manifest \(place)"
        var line = ManifestLine(manifest, file: place, references: ManifestReferences(manifest: name, in: store, open: open))
        let countsClasses = manifest.task == .classification && manifest.labelFormat == .classID && manifest.classCount == nil
        var names = ManifestClassNames()
        index = try Self.index(file, place: place) { bytes, number in
            guard readsClassNames || countsClasses, let ranges = try? line.ranges(in: bytes) else { return }
            Self.note(bytes, ranges, number, line.label, countsClasses: countsClasses, in: &names)
        }
        if countsClasses, names.highest >= 0 { line.label.inferredClassCount = names.highest + 1 }
        self.line = line
        classNames = readsClassNames ? names.list(classCount: manifest.classCount) : nil
        warnings = names.warnings
    }

    /// Record `index`.
    /// - Throws: ``DatasetError`` for a line that breaks the format, and for an index out of range.
    public func record(at index: Int) throws -> AnnotatedImage {
        guard index >= 0, index < count else {
            throw DatasetError(.argument, at: source, "there is no record \(index) of \(count)", remedy: "count records from 0")
        }
        let start = self.index.offsets[index]
        let next = index + 1 < count ? self.index.offsets[index + 1] : file.size
        let number = self.index.line(of: index)
        // Blank lines may follow; a line beyond the limit is not read further than it takes to know that.
        var bytes = try file.bytes(in: start..<min(next, start + JSONLines.defaultLimit + 1))
        if let end = bytes.firstIndex(of: 0x0A) { bytes.removeSubrange(end...) }
        guard bytes.count <= JSONLines.defaultLimit else { throw JSONLines.tooLong(line.file, number, limit: JSONLines.defaultLimit) }
        return try bytes.withUnsafeBufferPointer { try line.record($0, number: number) }
    }

    private static func index(
        _ file: LocalFile, place: String, _ look: (UnsafeBufferPointer<UInt8>, Int) -> Void
    ) throws -> ManifestIndex {
        var index = ManifestIndex()
        let lines = JSONLines(LocalFileStream(file), place: place)
        while true {
            do {
                guard try lines.next({ look($0, lines.number) }) != nil else { break }
            } catch  where lines.isRecoverable {
                // A line that is too long is a broken record, which whoever asks for it will be told.
            }
            index.append(offset: lines.offset, line: lines.number)
            if index.offsets.count == 1000 { index.reserve(min(file.size / (lines.offset / 999 + 1) * 9 / 8, 1 << 26)) }
        }
        guard !index.offsets.isEmpty else { throw DatasetError.emptyManifest(place) }
        return index
    }

    private static func note(
        _ bytes: UnsafeBufferPointer<UInt8>, _ ranges: ManifestLine.Ranges, _ number: Int, _ label: ManifestLabel, countsClasses: Bool,
        in names: inout ManifestClassNames
    ) {
        var own: Int?
        if label.manifest.task == .classification, let range = ranges.label, ranges.metadata != nil || countsClasses,
            let value = try? JSONScanner.value(of: bytes, at: range)
        {
            switch value.unwrapped {
            case .number(let value): own = try? label.classNumber(.number(value), at: "")
            case .array(let values) where countsClasses:
                for value in values { if let value = try? label.classNumber(value.unwrapped, at: "") { names.note(value) } }
            default: break
            }
        }
        if countsClasses, let own { names.note(own) }
        if let metadata = ranges.metadata { names.add(UnsafeBufferPointer(rebasing: bytes[metadata]), class: own, line: number) }
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
