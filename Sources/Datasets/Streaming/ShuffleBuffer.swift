/// Puts a stream into another order with bounded memory: a buffer is filled, and what leaves it is drawn by chance.
///
/// The order is a pure function of (seed, epoch, the elements' number and sizes, the bounds). Where a whole epoch fits into the buffer it
/// is that of ``EpochOrder``, so that a stream and a folder of the same records train alike.
struct ShuffleBuffer<Element> {
    private var elements: [(element: Element, bytes: Int)] = []
    private var heldBytes = 0
    private var random: RandomStream
    private let bounds: ShuffleBounds
    private let seed: UInt64
    private let epoch: Int
    private var hasGiven = false
    private var hasEnded = false

    init(bounds: ShuffleBounds, seed: UInt64, epoch: Int) {
        self.bounds = bounds
        self.seed = seed
        self.epoch = epoch
        random = RandomStream(seed: seed, epoch: epoch, index: 0, purpose: .buffer)
    }

    /// Whether elements must come before any can leave.
    var wantsMore: Bool { !hasEnded && elements.count < bounds.records && (elements.isEmpty || heldBytes < bounds.bytes) }

    /// Takes an element. `bytes`: what it holds in memory.
    mutating func push(_ element: Element, bytes: Int) {
        elements.append((element, bytes))
        heldBytes += bytes
    }

    /// Nothing comes any more.
    mutating func end() {
        hasEnded = true
        // Elements leave from the back: a whole epoch in its own order needs no draws.
        guard !hasGiven, bounds.records > 1 else { return }
        let order = EpochOrder(count: elements.count, seed: seed, epoch: epoch, shuffle: true)
        elements = order.reversed().map { elements[$0] }
        isOrdered = true
    }
    private var isOrdered = false

    /// The next element in the new order; nil where ``wantsMore`` says so, or at the end.
    mutating func pop() -> Element? {
        guard !elements.isEmpty, !wantsMore else { return nil }
        hasGiven = true
        if !isOrdered {
            elements.swapAt(Int(random.next(below: UInt64(elements.count))), elements.count - 1)
        }
        let (element, bytes) = elements.removeLast()
        heldBytes -= bytes
        return element
    }
}

/// How much of a stream is held to be shuffled.
public struct ShuffleBounds: Sendable, Equatable {
    /// Records, at least 1; 1 leaves the order as it is.
    public var records: Int
    /// Bytes of encoded pictures.
    public var bytes: Int

    /// Bounds of a buffer; each is raised to 1 at least.
    public init(records: Int = 100_000, bytes: Int = 128 << 20) {
        self.records = max(1, records)
        self.bytes = max(1, bytes)
    }

    /// The stream's own order.
    public static let none = ShuffleBounds(records: 1)
}
