import Foundation
import Storage

/// Writes a data set as `<name>.rec`, with `<name>.idx` for random access and `<name>.lst` for the pictures' names, as im2rec lays them out.
///
/// In a local folder the files grow under hidden names, and a writer that is opened to resume goes on behind the last whole record.
/// Source: spec recordio.md.
public final class RecordIOImageWriter: AnnotatedImageWriter {
    /// Records that are written, those of an interrupted run included: a resumed run writes from this record on.
    public private(set) var count: Int

    private let store: any ObjectStore
    private let name: String
    private let classNames: [String]?
    private let objectWidth: Int
    private let records: RecordIOWriter
    private let list: any ByteSink
    private var pendingLines: [UInt8] = []
    /// Where ``records`` was when all was flushed.
    private var flushedOffset = 0
    private var offsets: [Int]

    /// Begins, or goes on with, a file.
    ///
    /// - Parameters:
    ///   - store: where to.
    ///   - name: of the files, without extension.
    ///   - classNames: written into `classes.txt` beside the records, which hold numbers only.
    ///   - objectWidth: numbers that detection writes an object: 5, or 6 to keep "difficult".
    ///   - resume: whether to keep what an interrupted run has left, which only a local folder can.
    /// - Throws: ``DatasetError`` where such a file is there already, or without `resume` a part of one; `StorageError` where the store refuses.
    public init(
        _ store: any ObjectStore, name: String, classNames: [String]? = nil, objectWidth: Int = 6, resume: Bool = false
    ) throws {
        if let classNames { try ClassNames.check(classNames, beforeWritingTo: store) }
        self.classNames = classNames
        self.store = store
        self.name = name
        self.objectWidth = objectWidth
        // What an interruption between the last renames has left, there may be without a .rec.
        for file in [name + ".rec"] + (resume ? [] : [name + ".lst", name + ".idx"]) where try store.information(about: file) != nil {
            throw DatasetError(
                .argument, at: store.location(of: file), "it is already there", remedy: "remove it, or choose another folder or channel")
        }
        guard store is LocalStore else {
            (records, list, offsets, count) = (RecordIOWriter(try store.create(name + ".rec")), try store.create(name + ".lst"), [], 0)
            return
        }
        let recordPath = store.location(of: name + ".rec")
        let listPath = store.location(of: name + ".lst")
        let partial = PartialFile.partialPath(of: recordPath)
        if !resume, FileSystem.kind(of: partial) == .file, try FileSystem.beginning(of: partial, count: 1).size > 0 {
            throw DatasetError(
                .argument, at: partial, "an unfinished conversion lies there", remedy: "go on with it (--resume), or remove it")
        }
        let found = resume ? Self.survey(recordPath, listPath) : (offsets: [], recordBytes: 0, listBytes: 0)
        (offsets, count) = (found.offsets, found.offsets.count)
        let file = try PartialFile(recordPath, keeping: found.recordBytes)
        records = RecordIOWriter(file, offset: found.recordBytes)
        list = try PartialFile(listPath, keeping: found.listBytes)
    }

    /// Adds a record.
    /// - Throws: ``DatasetError`` for a mask or a picture that can't be read; `StorageError`.
    public func write(_ image: AnnotatedImage) throws {
        let labels = try ImageRecordLabels.labels(of: image.annotation, objectWidth: objectWidth, place: image.place)
        let content = try image.payload.encodedBytes()
        let record = ImageRecord(id: UInt64(count), labels: labels, image: content)
        offsets.append(try records.write(record.payload))
        let path = ImageFileName.make(for: image.name, content: content)
        let fields = ["\(count)"] + labels.map { $0 == $0.rounded() && abs($0) < 1e6 ? "\(Int($0))" : "\($0)" } + [path]
        pendingLines += Array((fields.joined(separator: "\t") + "\n").utf8)
        count += 1
        if pendingLines.count > 1 << 16 || records.offset - flushedOffset > Self.flushSize { try flush() }
    }

    /// Writes the index and gives all files their names.
    /// - Throws: `StorageError`.
    public func finish() throws {
        try flush()
        var index: [UInt8] = []
        for (key, offset) in offsets.enumerated() { index += Array("\(key)\t\(offset)\n".utf8) }
        if let classNames { try ClassNames.write(classNames, to: store) }
        let indexFile = try store.create(name + ".idx")
        try indexFile.write(index)
        // The .rec comes last: where it is, everything is.
        try list.commit()
        try indexFile.commit()
        try records.finish()
    }

    private func flush() throws {
        try list.write(pendingLines)
        pendingLines.removeAll(keepingCapacity: true)
        try records.flush()
        flushedOffset = records.offset
    }

    /// Bytes of records that an interruption may cost.
    private static let flushSize = 4 << 20

    /// The records that an interrupted run has left whole in both files.
    private static func survey(_ recordPath: String, _ listPath: String) -> (offsets: [Int], recordBytes: Int, listBytes: Int) {
        let lines = (try? FileSystem.bytes(of: PartialFile.partialPath(of: listPath))) ?? []
        var lineEnds = lines.indices.filter { lines[$0] == UInt8(ascii: "\n") }.map { $0 + 1 }
        // A torn end is what an interruption leaves: what is before it counts.
        guard let file = try? LocalFile(PartialFile.partialPath(of: recordPath)), let found = try? RecordIOIndex.scan(file) else {
            return ([], 0, 0)
        }
        let count = min(found.offsets.count, lineEnds.count)
        lineEnds = Array(lineEnds.prefix(count))
        return (Array(found.offsets.prefix(count)), count < found.offsets.count ? found.offsets[count] : found.end, lineEnds.last ?? 0)
    }
}
