import Datasets
import Protobuf
import Storage
import Tasks

/// SageMaker's `Record` message with the probabilities of a segmentation, wrapped in one RecordIO record.
///
/// Source: spec recordio.md, "SageMaker's protobuf Record"; protobuf's wire format.
enum ProtobufRecord {
    /// `features["target"]`: the values; `features["shape"]`: 1, classes, height, width.
    static func encode(_ found: SegmentationProbabilities) throws -> [UInt8] {
        let values = found.values.withUnsafeBytes { [UInt8]($0) }
        let shape = [1, found.classes, found.size.height, found.size.width].flatMap { ProtobufMessage.varint(UInt64($0)) }
        // Value.float32_tensor is field 2, Value.int32_tensor field 7; a tensor's values are field 1, packed.
        var record = ProtobufMessage()
        for (name, type, content) in [("target", 2, values), ("shape", 7, shape)] {
            var (tensor, value, feature) = (ProtobufMessage(), ProtobufMessage(), ProtobufMessage())
            tensor.add(1, content)
            value.add(type, tensor)
            feature.add(1, name)
            feature.add(2, value)
            record.add(1, feature)
        }
        let sink = MemorySink()
        let writer = RecordIOWriter(sink)
        try writer.write(Array(record.pieces.joined()))
        try writer.finish()
        return sink.bytes
    }
}
