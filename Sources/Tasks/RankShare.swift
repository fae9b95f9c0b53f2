import Datasets

/// What one of several processes that train together does of the work.
public struct RankShare {
    /// Its part of each training mini-batch.
    public var training = BatchShare.whole
    /// Its part of the validation set.
    public var validation = BatchShare.whole
    /// How the processes put their counts together; nil: there is one process.
    public var exchange: (any MetricsExchange)?

    /// All of the work.
    public init() {}
}

/// Processes that put their counts together.
public protocol MetricsExchange: AnyObject {
    /// Every process's numbers, by rank; in each process the same. All must ask alike.
    /// - Throws: where one of them is gone.
    func gather(_ numbers: [Double]) throws -> [[Double]]
}

/// Counts over parts of a data set that put together make those of all of it, exactly.
public protocol MergeableMetrics {
    /// The counts as plain numbers.
    var numbers: [Double] { get }
    /// Adds what another process's ``numbers`` say.
    /// - Throws: ``TaskError`` where they are not of such counts.
    mutating func merge(_ numbers: [Double]) throws
}

extension RankShare {
    /// All processes' counts. `empty`: nothing counted yet.
    func merged<Metrics: MergeableMetrics>(_ own: Metrics, into empty: Metrics) throws -> Metrics {
        guard let exchange else { return own }
        var all = empty
        for numbers in try exchange.gather(own.numbers) { try all.merge(numbers) }
        return all
    }
}

/// Reads plain numbers in the order in which they were written.
struct NumberReader {
    private var rest: ArraySlice<Double>

    init(_ numbers: [Double]) { rest = numbers[...] }

    var isAtEnd: Bool { rest.isEmpty }

    /// - Throws: ``TaskError`` where there is none left.
    mutating func next() throws -> Double {
        guard let first = rest.popFirst() else {
            throw TaskError("Another process sent fewer numbers than its counts have. Start the same version of the program everywhere.")
        }
        return first
    }

    mutating func nextInt() throws -> Int {
        let value = try next()
        guard let number = Int(exactly: value) else {
            throw TaskError("Another process sent \(value) for a count. Start the same version of the program everywhere.")
        }
        return number
    }
}
