import Foundation
import Machine
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
        let threads = min(Self.threads, ProcessorCores.available, max(1, starts.count))
        DispatchQueue.concurrentPerform(iterations: threads) { _ in
            while let number = queue.withLock({ $0.claim(below: starts.count) }) {
                let range = starts[number]..<min(file.size, starts[number] + pieceBytes)
                let piece = Result {
                    var reader = ManifestPieceReader(line: line, wishes: wishes)
                    try reader.read(range, of: file)
                    return reader.piece
                }
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
        private var waiting: [Int: ManifestPieceReader.Piece] = [:]

        mutating func claim(below count: Int) -> Int? {
            guard failure == nil, claimed < count else { return nil }
            defer { claimed += 1 }
            return claimed
        }

        mutating func add(_ result: Result<ManifestPieceReader.Piece, any Error>, _ number: Int, of count: Int) {
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
}
