/// Records that can be read in any order, by number, from several threads at once.
///
/// Streams (pipes) are not datasets of this kind: they have an order and no count.
public protocol RandomAccessDataset: Sendable {
    /// What one record holds.
    associatedtype Record: Sendable

    /// Number of records.
    var count: Int { get }

    /// Record `index`, 0 ≤ `index` < `count`.
    ///
    /// - Throws: ``DatasetError`` if the index is out of range or the record cannot be read.
    func record(at index: Int) throws -> Record
}
