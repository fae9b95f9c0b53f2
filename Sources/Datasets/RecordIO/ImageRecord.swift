/// A picture in RecordIO: numbers about it, then the JPEG or PNG file.
///
/// Source: spec recordio.md, "Image record".
public struct ImageRecord: Sendable, Equatable {
    /// The record's key, usually its line in the `.lst`.
    public var id: UInt64
    /// The second key, usually 0.
    public var id2: UInt64
    /// What was said about the picture; at least one number.
    public var labels: [Float]
    /// The JPEG or PNG file.
    public var image: [UInt8]

    /// Bytes before labels and picture.
    static let headerSize = 24

    /// Puts a record together.
    public init(id: UInt64, id2: UInt64 = 0, labels: [Float], image: [UInt8]) {
        self.id = id
        self.id2 = id2
        self.labels = labels
        self.image = image
    }

    /// Takes a payload apart.
    ///
    /// - Parameters:
    ///   - payload: of a RecordIO record.
    ///   - place: what an error calls it.
    /// - Throws: ``DatasetError`` where it is too short for what its header says.
    public init(payload: UnsafeRawBufferPointer, place: String) throws {
        let head = try Self.head(payload, length: payload.count, place: place)
        (id, id2, labels) = (head.id, head.id2, head.labels)
        image = Array(payload[head.imageStart...])
    }

    /// The record as a payload: one label in the header's own field, several behind it.
    public var payload: [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(Self.headerSize + 4 * labels.count + image.count)
        func append(_ value: some FixedWidthInteger) { withUnsafeBytes(of: value.littleEndian) { bytes.append(contentsOf: $0) } }
        append(labels.count == 1 ? 0 : UInt32(truncatingIfNeeded: labels.count))
        append(labels.count == 1 ? labels[0].bitPattern : 0)
        append(id)
        append(id2)
        if labels.count != 1 { for label in labels { append(label.bitPattern) } }
        bytes += image
        return bytes
    }

    /// What stands before the picture.
    ///
    /// `bytes`: the payload's beginning, enough for the labels. `length`: of the whole payload.
    static func head(
        _ bytes: UnsafeRawBufferPointer, length: Int, place: String
    ) throws -> (id: UInt64, id2: UInt64, labels: [Float], imageStart: Int) {
        func word(_ offset: Int) -> UInt32 { UInt32(littleEndian: bytes.loadUnaligned(fromByteOffset: offset, as: UInt32.self)) }
        func float(_ offset: Int) -> Float { Float(bitPattern: word(offset)) }
        guard min(bytes.count, length) >= headerSize else {
            throw DatasetError(
                .malformed, at: place, "its \(length) bytes are fewer than an image header's \(headerSize)",
                remedy: "make the file with im2rec or 'sightline convert'")
        }
        let count = Int(word(0))
        guard count <= (min(bytes.count, length) - headerSize) / 4 else {
            throw DatasetError(
                .malformed, at: place, "its header promises \(count) labels, but it has \(length) bytes",
                remedy: "make the file with im2rec or 'sightline convert'")
        }
        let id = UInt64(word(8)) | UInt64(word(12)) << 32
        let id2 = UInt64(word(16)) | UInt64(word(20)) << 32
        let labels = count == 0 ? [float(4)] : (0..<count).map { float(headerSize + 4 * $0) }
        return (id, id2, labels, headerSize + 4 * count)
    }
}
