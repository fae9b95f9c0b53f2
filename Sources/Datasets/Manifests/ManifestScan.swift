import Foundation
import Storage
import Synchronization

/// Reads a manifest from end to end, in pieces and on several threads, for what training must know before it begins: where the lines are,
/// what classes are called, and every label.
struct ManifestScan: Sendable {
    /// What is wanted besides the places of lines.
    struct Wishes: OptionSet {
        let rawValue: Int
        /// What the metadata of lines call classes, and the highest class number.
        static let classNames = Wishes(rawValue: 1)
        /// The label of every line, for classification.
        static let labels = Wishes(rawValue: 2)
    }

    /// What was found.
    struct Findings: Sendable {
        var index = ManifestIndex()
        var names = ManifestClassNames()
        /// A label for each record, up to the first that is broken.
        var labels = ClassificationLabels()
        /// The first record that breaks the format, where labels were wanted.
        var broken: Int?
    }

    let file: LocalFile
    let line: ManifestLine
    let wishes: Wishes

    static let pieceBytes = 8 << 20
    static let threads = 8

    /// Reads the whole file.
    /// - Throws: `StorageError`.
    func run(pieceBytes: Int = pieceBytes) throws -> Findings {
        let starts = Array(stride(from: 0, to: file.size, by: pieceBytes))
        let queue = Mutex(Queue())
        let threads = min(Self.threads, ProcessInfo.processInfo.activeProcessorCount, max(1, starts.count))
        DispatchQueue.concurrentPerform(iterations: threads) { _ in
            while let number = queue.withLock({ $0.claim(below: starts.count) }) {
                let piece = Result { try read(starts[number]..<min(file.size, starts[number] + pieceBytes)) }
                queue.withLock { $0.add(piece, number, of: starts.count) }
            }
        }
        return try queue.withLock { queue in
            if let failure = queue.failure { throw failure }
            return queue.findings
        }
    }

    /// Pieces on their way: those that came before their turn wait, so that what is found is in the order of the file.
    private struct Queue {
        var findings = Findings()
        var failure: (any Error)?
        private var claimed = 0
        private var added = 0
        private var waiting: [Int: Piece] = [:]

        mutating func claim(below count: Int) -> Int? {
            guard failure == nil, claimed < count else { return nil }
            defer { claimed += 1 }
            return claimed
        }

        mutating func add(_ result: Result<Piece, any Error>, _ number: Int, of count: Int) {
            switch result {
            case .success(let piece): waiting[number] = piece
            case .failure(let error): failure = failure ?? error
            }
            while let piece = waiting.removeValue(forKey: added) {
                added += 1
                if let broken = piece.broken, findings.broken == nil { findings.broken = findings.index.count + broken }
                if findings.broken == nil { findings.labels.append(contentsOf: piece.labels) }
                findings.names.append(piece.names, line: findings.index.lines)
                findings.index.append(piece.index)
                // As many labels as the first piece lets expect.
                if added == 1 { findings.labels.reserve(piece.labels.count * count * 17 / 16) }
            }
        }
    }

    // MARK: One piece

    private struct Piece: Sendable {
        var index: ManifestIndex.Piece
        var names = ManifestClassNames()
        var labels = ClassificationLabels()
        var broken: Int?
    }

    /// The lines that begin in `range`.
    private func read(_ range: Range<Int>) throws -> Piece {
        guard let start = try beginning(of: range) else { return Piece(index: ManifestIndex.Piece(start: range.lowerBound)) }
        var piece = Piece(index: ManifestIndex.Piece(start: start))
        let lines = JSONLines(LocalFileStream(file, from: start), place: line.file, piece: start..<range.upperBound)
        var quick = ManifestQuickLine(line)
        while true {
            do {
                let isLine = try lines.next { bytes in
                    if !wishes.isEmpty { look(at: bytes, lines.number, &quick, &piece) }
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
        return piece
    }

    /// Where the first line that begins in a range does; nil: none.
    private func beginning(of range: Range<Int>) throws -> Int? {
        guard range.lowerBound > 0 else { return 0 }
        var position = range.lowerBound - 1
        while position < range.upperBound - 1 {
            let bytes = try file.bytes(in: position..<min(range.upperBound - 1, position + 4096))
            if let end = bytes.firstIndex(of: 0x0A) { return position + end + 1 }
            position += bytes.count
        }
        return nil
    }

    private func look(at bytes: UnsafeBufferPointer<UInt8>, _ number: Int, _ quick: inout ManifestQuickLine, _ piece: inout Piece) {
        let wantsLabels = wishes.contains(.labels) && piece.broken == nil
        if let found = quick.read(bytes) {
            if wantsLabels { piece.labels.append(.single(found.label)) }
            guard wishes.contains(.classNames) else { return }
            piece.names.note(found.label)
            if let name = found.name { piece.names.name(found.label, name, in: bytes, line: number) }
            return
        }
        if wantsLabels {
            if case .label(let label)? = try? line.record(bytes, number: number).annotation {
                piece.labels.append(label)
                quick.learn(from: bytes)
            } else {
                piece.broken = piece.index.offsets.count
            }
        } else if line.manifest.task == .classification {
            quick.learn(from: bytes)
        }
        if wishes.contains(.classNames), let ranges = try? line.ranges(in: bytes) { note(bytes, ranges, number, in: &piece.names) }
    }

    private func note(
        _ bytes: UnsafeBufferPointer<UInt8>, _ ranges: ManifestLine.Ranges, _ number: Int, in names: inout ManifestClassNames
    ) {
        var own: Int?
        if line.manifest.task == .classification, let range = ranges.label, let value = try? JSONScanner.value(of: bytes, at: range) {
            switch ManifestLabel.unwrapped(value) {
            case .number(let value): own = try? line.label.classNumber(.number(value), at: "")
            case .array(let values) where line.manifest.labelFormat == .classID:
                for value in values {
                    if let value = try? line.label.classNumber(ManifestLabel.unwrapped(value), at: "") { names.note(value) }
                }
            default: break
            }
        }
        if let own { names.note(own) }
        if let metadata = ranges.metadata { names.add(UnsafeBufferPointer(rebasing: bytes[metadata]), class: own, line: number) }
    }
}
