extension SafeTensors {
    /// What the header says of an array that is written later: so that large arrays need not exist all at once.
    public struct Announcement: Sendable {
        /// The array's name.
        public var name: String
        /// The type of its elements.
        public var type: ScalarType
        /// Its dimensions, outermost first.
        public var shape: [Int]

        /// Announces an array.
        public init(name: String, type: ScalarType, shape: [Int]) {
            self.name = name
            self.type = type
            self.shape = shape
        }
    }

    /// Writes arrays to a file, which appears only when it is complete.
    ///
    /// - Parameters:
    ///   - arrays: the arrays; the header keeps their order.
    ///   - metadata: text entries for `__metadata__`, written in the order of their names.
    ///   - path: the file's name; an existing file is replaced.
    /// - Throws: ``WeightsError`` for two arrays of one name, a name that the format reserves, or a disk that refuses.
    public static func write(_ arrays: [WeightArray], metadata: [String: String] = [:], to path: String) throws {
        let announcements = arrays.map { Announcement(name: $0.name, type: $0.type, shape: $0.shape) }
        try write(announcements, metadata: metadata, to: path) { arrays[$0].bytes }
    }

    /// Writes a dictionary with its metadata.
    public static func write(_ weights: WeightDictionary, to path: String) throws {
        try write(weights.arrays, metadata: weights.metadata, to: path)
    }

    /// Writes arrays whose bytes are asked for one after another, so that only one of them need be in memory.
    ///
    /// Larger element types lie first in the data (within one type, in the given order), so that every array is aligned
    /// to its element size in a mapped file; the header keeps the given order of names.
    ///
    /// - Parameters:
    ///   - announcements: name, type and shape of each array.
    ///   - metadata: text entries for `__metadata__`.
    ///   - path: the file's name; an existing file is replaced.
    ///   - bytes: gives the little-endian bytes of the array at an index of `announcements`; called once for each.
    /// - Throws: ``WeightsError``, or what `bytes` throws.
    public static func write(
        _ announcements: [Announcement], metadata: [String: String] = [:], to path: String,
        bytes: (Int) throws -> WeightBytes
    ) throws {
        let order = announcements.indices.sorted { left, right in
            let (a, b) = (announcements[left].type.size, announcements[right].type.size)
            return a != b ? a > b : left < right
        }
        let offsets = try layOut(announcements, order: order, path: path)
        let header = headerBytes(announcements, offsets: offsets, metadata: metadata)
        guard header.count <= headerLimit else {
            throw WeightsError(.unsupported, "\(path): a header of \(header.count) bytes; the format allows \(headerLimit).")
        }
        var file = try AtomicFile(path: path)
        try withUnsafeBytes(of: UInt64(header.count).littleEndian) { try file.write($0) }
        try header.withUnsafeBytes { try file.write($0) }
        for index in order {
            let content = try bytes(index)
            guard content.count == offsets[index].count else {
                throw WeightsError(
                    .damaged,
                    "\(path), array \(announcements[index].name): \(offsets[index].count) bytes announced, \(content.count) given.")
            }
            try content.withUnsafeBytes { try file.write($0) }
        }
        try file.commit()
    }

    private static func layOut(_ announcements: [Announcement], order: [Int], path: String) throws -> [Range<Int>] {
        var names: Set<String> = ["__metadata__"]
        var offsets = [Range<Int>](repeating: 0..<0, count: announcements.count)
        var end = 0
        for index in order {
            let array = announcements[index]
            guard names.insert(array.name).inserted else {
                let problem = array.name == "__metadata__" ? "that name is the format's own" : "two arrays have that name"
                throw WeightsError(.damaged, "\(path), array \(array.name): \(problem).")
            }
            guard let count = array.type.byteCount(shape: array.shape), case let (next, overflow) = end.addingReportingOverflow(count),
                !overflow
            else {
                throw WeightsError(.damaged, "\(path), array \(array.name): shape \(array.shape) is negative or exceeds 63 bits.")
            }
            offsets[index] = end..<next
            end = next
        }
        return offsets
    }

    private static func headerBytes(
        _ announcements: [Announcement], offsets: [Range<Int>], metadata: [String: String]
    ) -> [UInt8] {
        var members: [String] = []
        if !metadata.isEmpty {
            let entries = metadata.sorted { $0.key < $1.key }.map { "\(jsonLiteral($0.key)):\(jsonLiteral($0.value))" }
            members.append("\"__metadata__\":{\(entries.joined(separator: ","))}")
        }
        for (array, range) in zip(announcements, offsets) {
            let shape = array.shape.map(String.init).joined(separator: ",")
            members.append(
                "\(jsonLiteral(array.name)):{\"dtype\":\"\(array.type.rawValue)\",\"shape\":[\(shape)],"
                    + "\"data_offsets\":[\(range.lowerBound),\(range.upperBound)]}")
        }
        var header = Array("{\(members.joined(separator: ","))}".utf8)
        // Spaces up to a multiple of 8 keep the data aligned.
        header.append(contentsOf: repeatElement(UInt8(ascii: " "), count: (8 - header.count % 8) % 8))
        return header
    }
}
