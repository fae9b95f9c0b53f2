import Foundation
import Imaging
import Synchronization

/// Records that make a mini-batch, or the end of an epoch.
struct FeedPiece {
    /// Numbers of the records in their stream.
    var indices: [Int]
    /// Whether the epoch has no record behind these.
    var endsEpoch: Bool
}

struct RecordKey: Hashable {
    let epoch: Int
    let index: Int
}

/// What the feed's thread and the training thread share; `@unchecked Sendable`: the queue is touched while `condition` is locked only.
final class FeedQueue: @unchecked Sendable {
    enum Item {
        case record(RecordKey, Result<AnnotatedImage, any Error>, bytes: Int)
        case endOfEpoch
        case failed(any Error)
    }

    /// The records of mini-batches in flight.
    let held = Mutex<[RecordKey: Result<AnnotatedImage, any Error>]>([:])
    private let condition = NSCondition()
    private var queue: [Item] = []
    private var head = 0
    private var queuedBytes = 0
    /// Records of the mini-batch that is asked for.
    private var wanted = 0
    private var cancelled = false

    var isCancelled: Bool { condition.withLock { cancelled } }

    func cancel() {
        condition.withLock {
            cancelled = true
            condition.broadcast()
        }
        held.withLock { $0 = [:] }
    }

    // MARK: The feed's thread

    /// Reads one epoch to its end.
    func read(
        _ stream: any AnnotatedImageStream, _ empty: ShuffleBuffer<Item>, epoch: Int, source: String
    ) throws {
        var buffer = empty
        var index = 0
        var fatal: (any Error)?
        while !isCancelled {
            while fatal == nil, buffer.wantsMore {
                let result: Result<AnnotatedImage, any Error>
                do {
                    guard let record = try stream.next() else {
                        buffer.end()
                        break
                    }
                    result = .success(record)
                } catch  where stream.isRecoverable {
                    result = .failure(error)
                } catch {
                    // What was read before is still trained on; nothing is lost that was whole.
                    fatal = error
                    buffer.end()
                    break
                }
                let bytes = (try? result.get())?.heldBytes ?? 0
                buffer.push(.record(RecordKey(epoch: epoch, index: index), result, bytes: bytes), bytes: bytes)
                index += 1
                if isCancelled { return }
            }
            guard let item = buffer.pop() else { break }
            put(item)
        }
        if let fatal { throw fatal }
        guard index > 0 || isCancelled else {
            throw DatasetError(
                .unreadable, at: source, "epoch \(epoch)'s stream holds no records",
                remedy: "check what feeds it; AttributeNames of a manifest must be those of its lines")
        }
        put(.endOfEpoch)
    }

    /// Adds an item, waiting for room.
    func put(_ item: Item) {
        condition.withLock {
            while !cancelled, isFull { condition.wait() }
            queue.append(item)
            if case .record(_, _, let bytes) = item { queuedBytes += bytes }
            condition.broadcast()
        }
    }

    /// Whether a whole mini-batch and more is at hand than is worth keeping.
    private var isFull: Bool {
        let count = queue.count - head
        return count > wanted && (count >= RecordFeed.queueLimit || queuedBytes >= RecordFeed.queueBytes)
    }

    // MARK: The training thread

    func take(_ count: Int, waiting: Bool) throws -> FeedPiece? {
        let items = try condition.withLock { () -> [Item]? in
            wanted = count
            // The feed may have filled the queue before it was known how much makes a mini-batch.
            condition.broadcast()
            while true {
                if cancelled { return nil }
                if let items = try records(count) { return items }
                guard waiting else { return nil }
                condition.wait()
            }
        }
        guard let items else { return nil }
        var piece = FeedPiece(indices: [], endsEpoch: false)
        held.withLock { held in
            for item in items {
                switch item {
                case .record(let key, let result, _):
                    held[key] = result
                    piece.indices.append(key.index)
                case .endOfEpoch: piece.endsEpoch = true
                case .failed: break
                }
            }
        }
        return piece
    }

    /// The next `count` records, or those up to the epoch's end; nil where neither is at hand.
    private func records(_ count: Int) throws -> [Item]? {
        let available = queue.count - head
        var length = 0
        search: while length < available {
            switch queue[head + length] {
            case .record where length == count: break search
            case .record: length += 1
            case .endOfEpoch:
                length += 1
                return removeFirst(length)
            case .failed(let error):
                guard length == 0 else { return removeFirst(length) }
                throw error
            }
        }
        // A whole batch is given once it is known whether it is the epoch's last.
        return length == count && available > count ? removeFirst(count) : nil
    }

    private func removeFirst(_ count: Int) -> [Item] {
        let items = Array(queue[head..<head + count])
        head += count
        for case .record(_, _, let bytes) in items { queuedBytes -= bytes }
        if head > 256 || head == queue.count {
            queue.removeFirst(head)
            head = 0
        }
        condition.broadcast()
        return items
    }
}

extension AnnotatedImage {
    /// Bytes that the record itself keeps in memory, roughly.
    fileprivate var heldBytes: Int {
        var bytes = payload.heldBytes + name.utf8.count + place.utf8.count + 128
        switch annotation {
        case .label(.single): break
        case .label(.multi(let values)): bytes += 4 * values.count
        case .boxes(let boxes): bytes += 48 * boxes.count
        case .mask(let mask): bytes += mask.heldBytes
        }
        return bytes
    }
}

extension ImagePayload {
    fileprivate var heldBytes: Int {
        switch self {
        case .encoded(let bytes): bytes.count
        case .pixels(let image): image.width * image.height * image.channels
        case .file(let path): path.utf8.count
        case .stored(_, let name): name.utf8.count
        }
    }
}
