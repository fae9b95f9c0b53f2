/// The records that one host of several trains on, where a data set is shared record by record.
///
/// Host i of n has the records i, i + n, i + 2n, …: shares differ by one record at most, and every class is spread over all hosts however
/// the data set is sorted.
public struct RecordShard: Sendable, Equatable {
    /// This host, 0 ..< ``hostCount``.
    public let host: Int
    /// Hosts that share the data set.
    public let hostCount: Int

    /// The share of one host.
    /// - Throws: ``DatasetError`` unless 0 ≤ `host` < `hostCount`.
    public init(host: Int, of hostCount: Int) throws {
        guard hostCount > 0, (0..<hostCount).contains(host) else {
            throw DatasetError(
                .argument, at: "shard", "host \(host) of \(hostCount) does not exist", remedy: "count hosts from 0 below their number")
        }
        self.host = host
        self.hostCount = hostCount
    }

    /// Whether record `number` is this host's.
    public func contains(_ number: Int) -> Bool { number % hostCount == host }

    /// How many of `count` records are this host's.
    public func count(of count: Int) -> Int { max(0, (count - host + hostCount - 1) / hostCount) }

    /// This host's records among `count`.
    public func indices(of count: Int) -> StrideTo<Int> { stride(from: host, to: count, by: hostCount) }

    /// This host's records among `count` where each host reads a piece of the file from end to end, so that its disk or bucket is read in
    /// order: the i-th of n pieces whose lengths differ by one at most. Classes are spread only if the file is shuffled.
    public func piece(of count: Int) -> Range<Int> {
        // Longer pieces first. No product of counts, which could overflow.
        let (length, longer) = max(0, count).quotientAndRemainder(dividingBy: hostCount)
        let start = host * length + min(host, longer)
        return start..<start + length + (host < longer ? 1 : 0)
    }

    /// The objects that are this host's where whole objects are shared, as SageMaker's ShardedByS3Key does: the i-th of the names, sorted by
    /// their UTF-8 bytes, belongs to host i mod n.
    public func names(of sorted: [String]) -> [String] { indices(of: sorted.count).map { sorted[$0] } }
}

/// What hosts share a data set by.
public enum ShardUnit: String, Sendable, CaseIterable {
    /// Record by record: shares differ by one at most, whatever the data are kept in.
    case record
    /// Object by object, as SageMaker's `S3DataDistributionType: ShardedByS3Key` does: a host needs no other host's objects. RecordIO files and
    /// files of images are objects; of an augmented manifest, which names an object on each line, the lines are.
    case object
}
