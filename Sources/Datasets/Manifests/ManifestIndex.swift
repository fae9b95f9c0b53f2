import Storage

/// Where each record of a manifest begins: 4 bytes a record.
///
/// Put together of pieces of the file, which may be indexed by several threads.
struct ManifestIndex: Sendable {
    /// A piece of the file and the records that begin in it.
    struct Piece: Sendable {
        /// Where in the file the piece's first line begins.
        let start: Int
        /// Lines that begin in the piece, blank ones included.
        var lines = 0
        /// Where each record begins, counted from `start`.
        var offsets: [UInt32] = []
        // Record `record` of the piece stands on its line `line`, counted from 0, and those behind it on the lines that follow, up to the
        // next jump.
        private var jumps: [Jump] = []

        private struct Jump {
            let record: Int
            let line: Int
        }

        init(start: Int) { self.start = start }

        /// `offset`: in the file. `line`: counted from 0 in the piece.
        mutating func append(offset: Int, line: Int) {
            if self.line(of: offsets.count) != line { jumps.append(Jump(record: offsets.count, line: line)) }
            offsets.append(UInt32(offset - start))
        }

        /// The line on which a record stands, both counted from 0 in the piece.
        func line(of record: Int) -> Int {
            var low = 0
            var high = jumps.count
            if let last = jumps.last, last.record <= record { low = high }
            while low < high {
                let middle = (low + high) / 2
                if jumps[middle].record <= record { low = middle + 1 } else { high = middle }
            }
            guard low > 0 else { return record }
            return jumps[low - 1].line + record - jumps[low - 1].record
        }
    }

    /// Number of records.
    private(set) var count = 0
    /// Lines of the whole file, blank ones included.
    private(set) var lines = 0
    private var pieces: [Piece] = []
    // Of each piece the numbers of its first record and line.
    private var firstRecords: [Int] = []
    private var firstLines: [Int] = []

    /// Adds the piece that comes next in the file.
    mutating func append(_ piece: Piece) {
        if !piece.offsets.isEmpty {
            pieces.append(piece)
            firstRecords.append(count)
            firstLines.append(lines)
        }
        count += piece.offsets.count
        lines += piece.lines
    }

    /// Where a record, which must be below ``count``, begins, and the number of its line, counted from 1.
    func place(of record: Int) -> (offset: Int, line: Int) {
        var low = 0
        var high = firstRecords.count
        while low < high {
            let middle = (low + high) / 2
            if firstRecords[middle] <= record { low = middle + 1 } else { high = middle }
        }
        let piece = pieces[low - 1]
        let own = record - firstRecords[low - 1]
        return (piece.start + Int(piece.offsets[own]), firstLines[low - 1] + piece.line(of: own) + 1)
    }
}

/// A file of this machine in order, by the way of random access: no second descriptor, and no second answer to what the path means.
final class LocalFileStream: ByteStream, @unchecked Sendable {
    // Unchecked: a stream belongs to one thread at a time.
    private let file: LocalFile
    private var position: Int

    /// `start`: the first byte to be read.
    init(_ file: LocalFile, from start: Int = 0) {
        self.file = file
        position = start
    }

    func read(into buffer: UnsafeMutableRawBufferPointer) throws -> Int {
        let count = min(buffer.count, file.size - position)
        guard count > 0 else { return 0 }
        try file.read(at: position, into: UnsafeMutableRawBufferPointer(rebasing: buffer[..<count]))
        position += count
        return count
    }
}
