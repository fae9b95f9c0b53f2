import Storage

/// Writes the lines of an augmented manifest as a platform does: for each attribute in order one RecordIO record, the bytes of what an
/// attribute in `-ref` names, the JSON text of any other.
///
/// Source: spec recordio.md, "Inside a SageMaker channel".
struct ManifestFraming {
    let attributeNames: [String]
    let place: String
    let references: ManifestReferences

    /// Writes every line.
    /// - Throws: ``DatasetError`` for a line that is not JSON or lacks an attribute; `StorageError`.
    func write(_ lines: JSONLines, to writer: RecordIOWriter) throws {
        let wanted = attributeNames.map { Array($0.utf8) }
        while let records = try lines.next({ line in try records(line, number: lines.number, wanted: wanted) }) {
            for record in records { try writer.write(record) }
        }
    }

    private func records(_ line: UnsafeBufferPointer<UInt8>, number: Int, wanted: [[UInt8]]) throws -> [[UInt8]] {
        let place = "\(place):\(number)"
        do {
            var scanner = JSONScanner(line)
            let ranges = try scanner.ranges(of: wanted)
            try scanner.finish()
            return try zip(attributeNames, ranges).map { name, range in
                guard let range else {
                    throw DatasetError(
                        .malformed, at: place, "the attribute '\(name)' is missing", remedy: "name attributes that every line has")
                }
                guard name.hasSuffix("-ref") else { return Array(line[range]) }
                guard case .string(let reference) = try JSONScanner.value(of: line, at: range) else {
                    throw DatasetError(.malformed, at: place, "'\(name)' is no reference", remedy: "write s3://bucket/key, or a path")
                }
                return try references.resolve(reference, at: place).payload.encodedBytes()
            }
        } catch let fault as JSONFault {
            throw DatasetError.malformed(fault, at: place)
        }
    }
}
