/// The part of every mini-batch that one of several processes works on.
///
/// All processes cut the same order of examples into the same mini-batches, and each takes a run of neighbouring slots: together they see
/// what one process would see, in the same steps, however many they are.
public struct BatchShare: Sendable, Equatable {
    /// This process, 0 ..< ``parts``.
    public let part: Int
    /// Processes that share a mini-batch.
    public let parts: Int
    /// What `mini_batch_size` is multiplied by: machines that share a mini-batch (the contract's `dist_sync`).
    public let machines: Int
    /// In how many mini-batches a process works on its share, one after the other, before the weights change.
    public var pieces: Int

    /// All of it, at once.
    public static let whole = BatchShare(part: 0, of: 1)

    /// A share. `part` is taken into 0 ..< `parts`; the other numbers are at least 1.
    public init(part: Int, of parts: Int, machines: Int = 1, pieces: Int = 1) {
        self.parts = max(1, parts)
        self.part = min(max(0, part), self.parts - 1)
        self.machines = max(1, machines)
        self.pieces = max(1, pieces)
    }

    /// Slots of a mini-batch of `count` examples that are this process's in turn `piece` (0 ..< ``pieces``); shares differ by one slot at most.
    public func slots(of count: Int, piece: Int) -> Range<Int> {
        let (number, all) = (part * pieces + piece, parts * pieces)
        return count * number / all..<count * (number + 1) / all
    }

    /// Examples of an update where `mini_batch_size` is `size`.
    public func batchSize(_ size: Int) -> Int { size * machines }

    /// The smallest mini-batch of which every process has a part in each turn.
    public var smallestBatch: Int { parts * pieces }
}
