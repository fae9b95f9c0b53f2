import Storage

/// The image records of a RecordIO file, in any order.
///
/// Source: spec data-formats.md; recordio.md, "Image record".
public struct RecordIOImages: AnnotatedImages {
    /// The task that the labels are read for.
    public let task: VisionTask
    /// Names where somebody gave them: the records themselves hold numbers.
    public let classNames: [String]?
    /// `RecordIO file train.rec`.
    public let source: String
    /// Things that are odd but no reason to stop.
    public let warnings: [String]
    /// Number of records.
    public var count: Int { index.offsets.count }

    private let index: RecordIOIndex
    private let labelWidth: Int?
    private let place: String
    /// Pictures' names by record id.
    private let names: [UInt64: String]
    private let content: Content

    private enum Content: Sendable {
        case local(LocalFile)
        case stored(any ObjectStore, String)

        func bytes(_ range: Range<Int>) throws -> [UInt8] {
            switch self {
            case .local(let file): try file.bytes(in: range)
            case .stored(let store, let name): try store.bytes(of: name, range: range)
            }
        }
    }

    /// Opens a file. An `.idx` beside it is used where it fits; else a local file is stepped through, one in a bucket is read once.
    ///
    /// - Parameters:
    ///   - store: where the file is.
    ///   - name: of the file: `train.rec`.
    ///   - task: classification or detection.
    ///   - labelWidth: `label_width`: how many labels a record must have; nil: as many as it has.
    ///   - readsNames: whether pictures get the names that the `.lst` beside the file gives them, by record id; else their numbers.
    ///   - classNames: position = class number; nil: those of a `classes.txt` beside it.
    /// - Throws: ``DatasetError`` where it is no RecordIO file; `StorageError`.
    public init(
        _ store: any ObjectStore, name: String, task: VisionTask, labelWidth: Int? = nil, readsNames: Bool = false,
        classNames: [String]? = nil
    ) throws {
        place = store.location(of: name)
        guard let object = try store.information(about: name) else {
            throw DatasetError(.unreadable, at: place, "there is no such file", remedy: "check the path")
        }
        content = store is LocalStore ? .local(try LocalFile(store.location(of: name))) : .stored(store, name)
        var warnings: [String] = []
        var index: RecordIOIndex?
        let indexName = ImageFileName.stem(of: name) + ".idx"
        if indexName != name, try store.information(about: indexName) != nil {
            index = RecordIOIndex(text: try store.bytes(of: indexName), size: object.size)
            // Records that were appended later would be taken for a part of the last.
            if let last = index?.offsets.last,
                !RecordIO.fills(try content.bytes(last..<min(object.size, last + RecordIO.headerSize)), object.size - last)
            {
                index = nil
            }
            if index == nil {
                warnings.append("\(store.location(of: indexName)) does not fit its .rec, which is read without it; make it again")
            }
        }
        switch content {
        case _ where index != nil: break
        case .local(let file): index = try RecordIOIndex(scanning: file)
        case .stored:
            let reader = RecordIOReader(try store.open(name), place: place)
            var offsets: [Int] = []
            repeat { offsets.append(reader.offset) } while try reader.withNext({ _ in true }) ?? false
            index = RecordIOIndex(offsets: offsets.dropLast(), size: object.size)
        }
        self.index = index ?? RecordIOIndex(offsets: [], size: 0)
        self.task = task
        self.labelWidth = labelWidth
        self.classNames = try ClassNames.chosen(given: classNames, own: ClassNames.read(ClassNames.fileName, in: store), at: place)
        self.warnings = warnings
        names = readsNames ? try Self.names(in: ImageFileName.stem(of: name) + ".lst", store) : [:]
        source = "RecordIO file \(place)"
    }

    /// Record `number`, its picture not decoded.
    /// - Throws: ``DatasetError`` for a damaged record or labels that mean nothing to the task; `StorageError`.
    public func record(at number: Int) throws -> AnnotatedImage {
        let bytes = try content.bytes(try range(number))
        let place = place(of: number)
        let payload = try RecordIO.payload(ofRecord: bytes, place: place)
        return try payload.withUnsafeBytes {
            var image = try Self.image(payload: $0, number: number, task: task, labelWidth: labelWidth, place: place)
            if !names.isEmpty, let name = names[try ImageRecord.head($0, length: $0.count, place: place).id] { image.name = name }
            return image
        }
    }

    /// What was said about record `number`; the picture is not read.
    /// - Throws: as ``record(at:)``.
    public func annotation(at number: Int) throws -> Annotation {
        let range = try range(number)
        let place = place(of: number)
        func labels(_ length: Int) throws -> [Float]? {
            let bytes = try content.bytes(range.lowerBound..<min(range.upperBound, range.lowerBound + RecordIO.headerSize + length))
            return try bytes.withUnsafeBytes { bytes in
                // A record that is split here is joined first.
                guard let (part, whole) = RecordIO.header(bytes), part == .whole else { return nil }
                let payload = UnsafeRawBufferPointer(rebasing: bytes[RecordIO.headerSize...])
                guard payload.count >= ImageRecord.headerSize else { return nil }
                let count = Int(UInt32(littleEndian: payload.loadUnaligned(as: UInt32.self)))
                guard count <= (payload.count - ImageRecord.headerSize) / 4 else { return nil }
                return try ImageRecord.head(payload, length: whole, place: place).labels
            }
        }
        guard let labels = try labels(ImageRecord.headerSize + 64) else { return try record(at: number).annotation }
        return try ImageRecordLabels.annotation(labels, task: task, labelWidth: labelWidth, place: place)
    }

    /// The last column of a list by its first; nothing where there is no list.
    private static func names(in list: String, _ store: any ObjectStore) throws -> [UInt64: String] {
        guard try store.information(about: list) != nil else { return [:] }
        var names: [UInt64: String] = [:]
        for line in String(decoding: try store.bytes(of: list), as: UTF8.self).split(whereSeparator: \.isNewline) {
            let fields = line.split(separator: "\t")
            if fields.count > 2, let id = UInt64(fields[0]), let name = fields.last { names[id] = String(name) }
        }
        return names
    }

    private func range(_ number: Int) throws -> Range<Int> {
        guard index.offsets.indices.contains(number) else {
            throw DatasetError(
                .argument, at: place, "there is no record \(number), only \(count) records from 0", remedy: "use a number below the count")
        }
        return index.range(number)
    }

    private func place(of number: Int) -> String { "\(place), record \(number)" }

    /// The record that a payload holds. `number`: in its file, from which its name is made.
    static func image(
        payload: UnsafeRawBufferPointer, number: Int, task: VisionTask, labelWidth: Int?, place: String
    ) throws -> AnnotatedImage {
        let record = try ImageRecord(payload: payload, place: place)
        let annotation = try ImageRecordLabels.annotation(record.labels, task: task, labelWidth: labelWidth, place: place)
        let digits = String(number)
        let name = String(repeating: "0", count: max(0, 8 - digits.count)) + digits
        return AnnotatedImage(
            name: ImageFileName.make(for: name, content: record.image), payload: .encoded(record.image), annotation: annotation,
            place: place)
    }
}

extension RecordIOIndex {
    init(offsets: some Sequence<Int>, size: Int) {
        self.offsets = Array(offsets)
        self.size = size
    }
}
