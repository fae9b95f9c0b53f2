import Storage

/// Reads one piece of a manifest for ``ManifestScan``.
///
/// What it needs is its own: a counter of references that several threads change for every line would cost more than all the rest.
struct ManifestPieceReader {
    /// What a piece tells.
    struct Piece: Sendable {
        var index = ManifestIndex.Piece(start: 0)
        /// Lines are counted from 1 in the piece.
        var names = ManifestClassNames()
        /// A label for each record, up to the first that is broken.
        var labels = ClassificationLabels()
        /// The first record of the piece that breaks the format, where labels were wanted.
        var broken: Int?
    }

    private(set) var piece = Piece()
    private let line: ManifestLine
    private var quick: ManifestQuickLine
    private let wantsNames: Bool
    private let wantsLabels: Bool

    init(line: ManifestLine, wishes: ManifestScan.Wishes) {
        self.line = line
        quick = ManifestQuickLine(line)
        wantsNames = wishes.contains(.classNames)
        wantsLabels = wishes.contains(.labels)
    }

    /// Reads the lines that begin in `range`. To be called once.
    /// - Throws: `StorageError`.
    mutating func read(_ range: Range<Int>, of file: LocalFile) throws {
        guard let start = try Self.beginning(of: range, in: file) else { return }
        let lines = JSONLines(LocalFileStream(file, from: start), place: line.file, piece: start..<range.upperBound)
        piece.index = ManifestIndex.Piece(start: start)
        while true {
            do {
                let isLine = try lines.next { bytes in
                    if wantsNames || wantsLabels { look(at: bytes, lines.number) }
                    return true
                }
                guard isLine != nil else { break }
            } catch  where lines.isRecoverable {
                // A line that is too long is a broken record, which whoever asks for it will be told.
                piece.broken = piece.broken ?? piece.index.offsets.count
            }
            piece.index.append(offset: lines.offset, line: lines.number - 1)
        }
        piece.index.lines = lines.number
        // Exactly as long as they are.
        piece.index.offsets = piece.index.offsets.map { $0 }
    }

    /// Where the first line that begins in a range does; nil: none.
    private static func beginning(of range: Range<Int>, in file: LocalFile) throws -> Int? {
        guard range.lowerBound > 0 else { return 0 }
        var position = range.lowerBound - 1
        while position < range.upperBound - 1 {
            let bytes = try file.bytes(in: position..<min(range.upperBound - 1, position + 4096))
            if let end = bytes.firstIndex(of: 0x0A) { return position + end + 1 }
            position += bytes.count
        }
        return nil
    }

    private mutating func look(at bytes: UnsafeBufferPointer<UInt8>, _ number: Int) {
        let wantsLabel = wantsLabels && piece.broken == nil
        if let found = quick.read(bytes) {
            if wantsLabel { piece.labels.append(.single(found.label)) }
            guard wantsNames else { return }
            piece.names.note(found.label)
            if let name = found.name { piece.names.name(found.label, name, in: bytes, line: number) }
            return
        }
        if wantsLabel {
            if case .label(let label)? = try? line.record(bytes, number: number).annotation {
                piece.labels.append(label)
                quick.learn(from: bytes)
            } else {
                piece.broken = piece.index.offsets.count
            }
        } else if line.manifest.task == .classification {
            quick.learn(from: bytes)
        }
        if wantsNames, let ranges = try? line.ranges(in: bytes) { note(bytes, ranges, number) }
    }

    private mutating func note(_ bytes: UnsafeBufferPointer<UInt8>, _ ranges: ManifestLine.Ranges, _ number: Int) {
        var own: Int?
        if line.manifest.task == .classification, let range = ranges.label, let value = try? JSONScanner.value(of: bytes, at: range) {
            switch value.unwrapped {
            case .number(let value): own = try? line.label.classNumber(.number(value), at: "")
            case .array(let values) where line.manifest.labelFormat == .classID:
                for value in values {
                    if let value = try? line.label.classNumber(value.unwrapped, at: "") { piece.names.note(value) }
                }
            default: break
            }
        }
        if let own { piece.names.note(own) }
        if let metadata = ranges.metadata { piece.names.add(UnsafeBufferPointer(rebasing: bytes[metadata]), class: own, line: number) }
    }
}
