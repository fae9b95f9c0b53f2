/// The safetensors format, both directions: 8 bytes of header length (little-endian), a JSON header that gives each
/// array's `dtype`, `shape` and `data_offsets`, then the bytes (https://github.com/huggingface/safetensors, "Format").
public enum SafeTensors {
    /// The longest header that is read: the limit of the reference implementation.
    static let headerLimit = 100_000_000

    /// Reads a file. The bytes stay in the mapped file; names come in the order of the header.
    ///
    /// - Throws: ``WeightsError`` naming the file, the array and the value: header length, JSON, types, offsets outside
    ///   the file, overlaps, holes, sizes that contradict shapes, or the number of bytes that a cut file lacks.
    public static func read(_ path: String) throws -> WeightDictionary {
        try read(WeightBytes(MappedFile(path: path)), path: path)
    }

    static func read(_ bytes: WeightBytes, path: String) throws -> WeightDictionary {
        let headerLength = try headerLength(bytes, path: path)
        let entries: HeaderJSON
        do {
            entries = try bytes.withUnsafeBytes { buffer in
                try HeaderJSON(parsing: UnsafeRawBufferPointer(rebasing: buffer[8..<8 + headerLength]))
            }
        } catch let fault as HeaderJSON.Fault {
            throw WeightsError(.damaged, "\(path): the header is not valid JSON: \(fault.problem) at byte \(8 + fault.offset).")
        }
        guard case .object(let members) = entries else {
            throw WeightsError(.damaged, "\(path): the header is not a JSON object.")
        }
        var header = Header()
        for (name, value) in members {
            if name == "__metadata__" {
                header.metadata = try metadata(value, path: path)
            } else {
                header.entries.append(try Header.Entry(name: name, value: value, path: path))
            }
        }
        let data = 8 + headerLength
        try header.checkLayout(dataCount: bytes.count - data, path: path)
        let arrays = try header.entries.map { entry in
            guard let slice = bytes.slice(start: data + entry.range.lowerBound, count: entry.range.count) else {
                throw WeightsError(.damaged, "\(path), array \(entry.name): its bytes lie outside the file.")
            }
            return try WeightArray(name: entry.name, type: entry.type, shape: entry.shape, bytes: slice)
        }
        return try WeightDictionary(arrays, metadata: header.metadata, source: path)
    }

    private static func headerLength(_ bytes: WeightBytes, path: String) throws -> Int {
        guard bytes.count >= 8 else {
            throw WeightsError(
                .truncated(missing: 8 - bytes.count),
                "\(path) has \(bytes.count) bytes; a safetensors file begins with 8 bytes of header length. Fetch the file again.")
        }
        let length = bytes.withUnsafeBytes { UInt64(littleEndian: $0.loadUnaligned(as: UInt64.self)) }
        guard length <= UInt64(headerLimit) else {
            throw WeightsError(
                .damaged, "\(path): a header of \(length) bytes is announced; at most \(headerLimit) are allowed. Is it safetensors?")
        }
        guard Int(length) <= bytes.count - 8 else {
            let missing = Int(length) - (bytes.count - 8)
            throw WeightsError(
                .truncated(missing: missing),
                "\(path) is cut off: its header of \(length) bytes lacks at least \(missing). Fetch the file again.")
        }
        return Int(length)
    }

    private static func metadata(_ value: HeaderJSON, path: String) throws -> [String: String] {
        guard case .object(let members) = value else {
            throw WeightsError(.damaged, "\(path): __metadata__ is not an object of strings.")
        }
        var metadata: [String: String] = [:]
        for (name, value) in members {
            guard case .string(let text) = value else {
                throw WeightsError(.damaged, "\(path): __metadata__ entry \"\(name)\" is not a string.")
            }
            metadata[name] = text
        }
        return metadata
    }
}

extension SafeTensors {
    /// The header's entries in order, before they are tied to bytes.
    struct Header {
        /// One array's line.
        struct Entry {
            var name: String
            var type: ScalarType
            var shape: [Int]
            /// Where its bytes lie, counted from the end of the header.
            var range: Range<Int>
        }

        var entries: [Entry] = []
        var metadata: [String: String] = [:]
    }
}

extension SafeTensors.Header.Entry {
    init(name: String, value: HeaderJSON, path: String) throws {
        func damaged(_ problem: String) -> WeightsError { WeightsError(.damaged, "\(path), array \(name): \(problem).") }
        guard case .object(let members) = value else { throw damaged("its header entry is not an object") }
        func member(_ key: String) throws -> HeaderJSON {
            guard let value = members.last(where: { $0.name == key })?.value else { throw damaged("its \(key) is missing") }
            return value
        }
        func integers(_ key: String) throws -> [Int] {
            guard case .array(let elements) = try member(key) else { throw damaged("its \(key) is not an array") }
            return try elements.map { element in
                guard case .integer(let integer) = element, integer >= 0 else {
                    throw damaged("its \(key) holds something that is no integer from 0 to 2^63 - 1")
                }
                return integer
            }
        }
        guard case .string(let typeName) = try member("dtype") else { throw damaged("its dtype is not a string") }
        guard let type = ScalarType(rawValue: typeName) else {
            let known = ScalarType.allCases.map(\.rawValue).joined(separator: ", ")
            throw WeightsError(.unsupported, "\(path), array \(name): dtype \(typeName) is not read here (\(known) are).")
        }
        let shape = try integers("shape")
        let offsets = try integers("data_offsets")
        guard offsets.count == 2, offsets[0] <= offsets[1] else {
            throw damaged("its data_offsets \(offsets) are not a begin and an end")
        }
        guard let expected = type.byteCount(shape: shape), expected == offsets[1] - offsets[0] else {
            let wanted = type.byteCount(shape: shape).map(String.init) ?? "more than 2^63"
            throw damaged(
                "shape \(shape) of \(typeName) takes \(wanted) bytes, but its data_offsets \(offsets) span \(offsets[1] - offsets[0])")
        }
        self.init(name: name, type: type, shape: shape, range: offsets[0]..<offsets[1])
    }
}

extension SafeTensors.Header {
    /// Checks that the arrays fill the data without overlap and without holes, as the format demands.
    func checkLayout(dataCount: Int, path: String) throws {
        let ordered = entries.filter { !$0.range.isEmpty }.sorted { $0.range.lowerBound < $1.range.lowerBound }
        var end = 0
        var previous = ""
        for entry in ordered {
            if entry.range.lowerBound < end {
                throw WeightsError(
                    .damaged,
                    "\(path): arrays \(previous) and \(entry.name) overlap: \(entry.name) begins at \(entry.range.lowerBound), before \(end)."
                )
            }
            if entry.range.lowerBound > end {
                throw WeightsError(
                    .damaged, "\(path), array \(entry.name): \(entry.range.lowerBound - end) bytes before it belong to no array.")
            }
            end = entry.range.upperBound
            previous = entry.name
        }
        if end > dataCount {
            throw WeightsError(
                .truncated(missing: end - dataCount),
                "\(path) is cut off: \(end - dataCount) of \(end) data bytes are missing (array \(previous) is last). Fetch the file again."
            )
        }
        if end < dataCount {
            throw WeightsError(.damaged, "\(path): \(dataCount - end) bytes after the last array belong to no array.")
        }
        for entry in entries where entry.range.isEmpty && entry.range.lowerBound > dataCount {
            throw WeightsError(.damaged, "\(path), array \(entry.name): it begins at \(entry.range.lowerBound), outside the file.")
        }
    }
}
