import Foundation

/// An object in order, read ahead in parts over several connections.
///
/// Memory holds at most ``windowParts`` parts. All parts carry the tag that the first answer gave: an object that changes is an error.
final class S3ReadStream: ByteStream, @unchecked Sendable {
    // Unchecked: a stream belongs to one thread at a time; what its threads share is in `parts`.
    private let parts: S3PartQueue
    private var current = S3Part(bytes: [], count: 0)
    private var position = 0

    static let connections = 8
    static let windowParts = 12
    static let largestPart = 4 << 20
    static let smallestPart = 1 << 20

    /// Begins to read `object` at once.
    init(_ client: S3Client, _ call: S3Client.Call, object: StoredObject) {
        let share = object.size / (2 * Self.connections)
        let partSize = min(Self.largestPart, max(Self.smallestPart, share))
        let parts = S3PartQueue(size: object.size, partSize: partSize)
        self.parts = parts
        for _ in 0..<min(Self.connections, parts.count) {
            Thread.detachNewThread { parts.work(client, call, tag: object.tag) }
        }
    }

    deinit { parts.cancel() }

    func read(into buffer: UnsafeMutableRawBufferPointer) throws -> Int {
        if position == current.count {
            let read = current
            current = S3Part(bytes: [], count: 0)
            position = 0
            guard let next = try parts.next(givingBack: read) else { return 0 }
            current = next
        }
        let count = min(buffer.count, current.count - position)
        current.bytes.withUnsafeBytes { buffer.copyMemory(from: UnsafeRawBufferPointer(rebasing: $0[position..<position + count])) }
        position += count
        return count
    }
}

/// A part of an object in memory that is used again: `count` bytes at the beginning of `bytes`.
private struct S3Part {
    var bytes: [UInt8]
    var count: Int

    /// Not zeroed: every byte that is lent was received.
    static func newMemory(_ count: Int) -> [UInt8] { [UInt8](unsafeUninitializedCapacity: count) { $1 = count } }
}

/// The parts of an object between the threads that fetch them and the one that reads them in order.
///
/// `@unchecked Sendable`: every property is touched while `condition` is locked only.
private final class S3PartQueue: @unchecked Sendable {
    let count: Int
    private let size: Int
    private let partSize: Int
    private let condition = NSCondition()
    private var claimed = 0
    private var delivered = 0
    private var ready: [Int: S3Part] = [:]
    /// Memory of parts that were read: new memory would be zeroed by the system page by page.
    private var free: [[UInt8]] = []
    private var failure: (any Error)?
    private var isCancelled = false

    init(size: Int, partSize: Int) {
        (self.size, self.partSize) = (size, partSize)
        count = (size + partSize - 1) / partSize
    }

    func cancel() {
        condition.withLock {
            isCancelled = true
            ready = [:]
            condition.broadcast()
        }
    }

    /// The next part in order; nil at the end. `part`: one that was read.
    func next(givingBack part: S3Part) throws -> S3Part? {
        try condition.withLock {
            if !part.bytes.isEmpty { free.append(part.bytes) }
            guard delivered < count else { return nil }
            while true {
                if let part = ready.removeValue(forKey: delivered) {
                    delivered += 1
                    condition.broadcast()
                    return part
                }
                if let failure { throw failure }
                condition.wait()
            }
        }
    }

    /// A thread's life: fetches parts until there are none left.
    func work(_ client: S3Client, _ call: S3Client.Call, tag: String) {
        while let number = claim() {
            let range = number * partSize..<min(size, (number + 1) * partSize)
            do {
                var bytes = condition.withLock { free.popLast() } ?? S3Part.newMemory(min(partSize, size))
                try bytes.withUnsafeMutableBytes { buffer in
                    try client.read(call, range: range, tag: tag, into: UnsafeMutableRawBufferPointer(rebasing: buffer[..<range.count])) {
                        self.condition.withLock { self.isCancelled || self.failure != nil }
                    }
                }
                let part = S3Part(bytes: bytes, count: range.count)
                condition.withLock {
                    ready[number] = part
                    condition.broadcast()
                }
            } catch {
                condition.withLock {
                    failure = failure ?? error
                    condition.broadcast()
                }
                return
            }
        }
    }

    private func claim() -> Int? {
        condition.withLock {
            while !isCancelled, failure == nil, claimed < count, claimed >= delivered + S3ReadStream.windowParts { condition.wait() }
            guard !isCancelled, failure == nil, claimed < count else { return nil }
            defer { claimed += 1 }
            return claimed
        }
    }
}
