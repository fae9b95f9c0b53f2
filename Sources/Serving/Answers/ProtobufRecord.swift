import Datasets
import Storage
import Tasks

/// SageMaker's `Record` message with the probabilities of a segmentation, wrapped in one RecordIO record.
///
/// Written by hand: it has two features, and a library would bring a message for each of its eight types.
/// Source: spec recordio.md, "SageMaker's protobuf Record"; protobuf's wire format.
enum ProtobufRecord {
    /// `features["target"]`: the values; `features["shape"]`: 1, classes, height, width.
    static func encode(_ found: SegmentationProbabilities) throws -> [UInt8] {
        let values = found.values.withUnsafeBytes { [UInt8]($0) }
        let shape = [1, found.classes, found.size.height, found.size.width].flatMap { varint(UInt64($0)) }
        // Value.float32_tensor is field 2, Value.int32_tensor field 7; a tensor's values are field 1, packed.
        let record =
            field(1, field(1, Array("target".utf8)) + field(2, field(2, field(1, values))))
            + field(1, field(1, Array("shape".utf8)) + field(2, field(7, field(1, shape))))
        let sink = MemorySink()
        let writer = RecordIOWriter(sink)
        try writer.write(record)
        try writer.finish()
        return sink.bytes
    }

    /// A field of bytes: its number with wire type 2, its length, itself.
    private static func field(_ number: UInt64, _ content: [UInt8]) -> [UInt8] {
        varint(number << 3 | 2) + varint(UInt64(content.count)) + content
    }

    /// Seven bits a byte, the lowest first.
    private static func varint(_ value: UInt64) -> [UInt8] {
        var (rest, bytes) = (value, [UInt8]())
        repeat {
            bytes.append(UInt8(rest & 0x7F) | (rest > 0x7F ? 0x80 : 0))
            rest >>= 7
        } while rest > 0
        return bytes
    }
}
