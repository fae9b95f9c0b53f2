import Foundation

/// What lies between one reader of a pipe and several writers: pieces that some have written and others have not.
///
/// Ranks wait for each other at every step, and not for each other's data: the quickest may be some way ahead of the slowest, or a rank
/// that waits for its data could wait for one that waits for it.
final class TeeBuffer: @unchecked Sendable {
    // Unchecked: everything below is read and written under the condition's lock.
    private let condition = NSCondition()
    private var pieces: [[UInt8]] = []
    /// The number of the first of ``pieces``, counted from the stream's beginning.
    private var first = 0
    private var bytes = 0
    /// The piece that each writer needs next; nil: it has left.
    private var places: [Int?]
    private var arrived = 0
    private var isFinished = false
    private let limit: Int

    /// A buffer for `writers` that holds about `limit` bytes.
    init(writers: Int, limit: Int) {
        places = [Int?](repeating: 0, count: writers)
        self.limit = limit
    }

    /// Says that a writer's reader has come.
    func arrive() {
        condition.lock()
        arrived += 1
        condition.broadcast()
        condition.unlock()
    }

    /// Waits until the readers of all writers have come.
    /// - Throws: what `checkStop` throws.
    func waitForAll(checkStop: () throws -> Void) throws {
        condition.lock()
        defer { condition.unlock() }
        while arrived < places.count {
            try checkStop()
            pause()
        }
    }

    /// Adds a piece, waiting for room. False when there is nobody left to write it.
    /// - Throws: what `checkStop` throws.
    func append(_ piece: [UInt8], checkStop: () throws -> Void) throws -> Bool {
        condition.lock()
        defer { condition.unlock() }
        while bytes >= limit, isWanted {
            try checkStop()
            pause()
        }
        guard isWanted else { return false }
        pieces.append(piece)
        bytes += piece.count
        condition.broadcast()
        return true
    }

    /// No more pieces will come.
    func finish() {
        condition.lock()
        isFinished = true
        condition.broadcast()
        condition.unlock()
    }

    /// A writer's next piece, waiting for it; nil at the end. What it was given before counts as written.
    /// - Throws: what `checkStop` throws.
    func next(for writer: Int, checkStop: () throws -> Void) throws -> [UInt8]? {
        condition.lock()
        defer { condition.unlock() }
        while let place = places[writer] {
            if place - first < pieces.count {
                let piece = pieces[place - first]
                places[writer] = place + 1
                forget()
                return piece
            }
            if isFinished { return nil }
            try checkStop()
            pause()
        }
        return nil
    }

    /// A writer needs nothing more.
    func leave(_ writer: Int) {
        condition.lock()
        places[writer] = nil
        forget()
        condition.unlock()
    }

    /// Waits for a change; not for long, as somebody may want to stop. Call under the lock.
    private func pause() { _ = condition.wait(until: Date(timeIntervalSinceNow: 0.1)) }

    /// Whether there is a writer left. Call under the lock.
    private var isWanted: Bool { places.contains { $0 != nil } }

    /// Drops what everybody has. Call under the lock.
    private func forget() {
        let slowest = places.compactMap { $0 }.min() ?? first + pieces.count
        guard slowest > first else { return condition.broadcast() }
        bytes -= pieces[..<(slowest - first)].reduce(0) { $0 + $1.count }
        pieces.removeFirst(slowest - first)
        first = slowest
        condition.broadcast()
    }
}
