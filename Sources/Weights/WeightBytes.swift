import Foundation

/// A run of bytes that is kept alive by reference: part of a mapped file, or bytes in memory. Copies share the bytes.
public struct WeightBytes: Sendable, ContiguousBytes {
    private enum Storage: Sendable {
        case mapped(MappedFile)
        case memory([UInt8])
    }

    private let storage: Storage
    private let range: Range<Int>

    /// Bytes in memory.
    public init(_ bytes: [UInt8]) {
        storage = .memory(bytes)
        range = 0..<bytes.count
    }

    /// A whole mapped file.
    public init(_ file: MappedFile) {
        storage = .mapped(file)
        range = 0..<file.count
    }

    private init(storage: Storage, range: Range<Int>) {
        self.storage = storage
        self.range = range
    }

    /// The number of bytes.
    public var count: Int { range.count }

    /// The bytes from `start` on, `count` of them, without a copy; nil where they do not lie inside.
    public func slice(start: Int, count: Int) -> WeightBytes? {
        guard start >= 0, count >= 0, start <= self.count, count <= self.count - start else { return nil }
        let lower = range.lowerBound + start
        return WeightBytes(storage: storage, range: lower..<lower + count)
    }

    /// Calls `body` with the bytes, which are valid during the call. They may lie at any alignment.
    public func withUnsafeBytes<Result>(_ body: (UnsafeRawBufferPointer) throws -> Result) rethrows -> Result {
        switch storage {
        case .mapped(let file): try file.withUnsafeBytes { try body(UnsafeRawBufferPointer(rebasing: $0[range])) }
        case .memory(let bytes): try bytes.withUnsafeBytes { try body(UnsafeRawBufferPointer(rebasing: $0[range])) }
        }
    }

    /// Whether both hold the same bytes.
    public func hasSameBytes(as other: WeightBytes) -> Bool {
        withUnsafeBytes { left in other.withUnsafeBytes { right in left.elementsEqual(right) } }
    }
}
