import Storage

/// Where each record of a manifest begins: 8 bytes a record.
struct ManifestIndex: Sendable {
    private(set) var offsets: [Int] = []
    // Record `record` stands on line `line`, and those behind it on the lines that follow, up to the next jump.
    private var jumps: [Jump] = []

    private struct Jump {
        let record: Int
        let line: Int
    }

    /// Room for as many records as the first ones let expect, for growing an array of millions by doubling takes thrice its memory.
    mutating func reserve(_ count: Int) { offsets.reserveCapacity(count) }

    mutating func append(offset: Int, line: Int) {
        if self.line(of: offsets.count) != line { jumps.append(Jump(record: offsets.count, line: line)) }
        offsets.append(offset)
    }

    /// The line on which a record stands, counted from 1.
    func line(of record: Int) -> Int {
        var low = 0
        var high = jumps.count
        if let last = jumps.last, last.record <= record { low = high }
        while low < high {
            let middle = (low + high) / 2
            if jumps[middle].record <= record { low = middle + 1 } else { high = middle }
        }
        guard low > 0 else { return record + 1 }
        return jumps[low - 1].line + record - jumps[low - 1].record
    }
}

/// A file of this machine in order, by the way of random access: no second descriptor, and no second answer to what the path means.
final class LocalFileStream: ByteStream, @unchecked Sendable {
    // Unchecked: a stream belongs to one thread at a time.
    private let file: LocalFile
    private var position = 0

    init(_ file: LocalFile) { self.file = file }

    func read(into buffer: UnsafeMutableRawBufferPointer) throws -> Int {
        let count = min(buffer.count, file.size - position)
        guard count > 0 else { return 0 }
        try file.read(at: position, into: UnsafeMutableRawBufferPointer(rebasing: buffer[..<count]))
        position += count
        return count
    }
}
