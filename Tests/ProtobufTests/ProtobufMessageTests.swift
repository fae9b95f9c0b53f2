import Protobuf
import Testing

/// The examples of protobuf.dev, "Encoding".
@Suite("Protobuf messages")
struct ProtobufMessageTests {
    @Test("Numbers, texts and messages are the published bytes")
    func published() {
        var (number, text, outer, negative) = (ProtobufMessage(), ProtobufMessage(), ProtobufMessage(), ProtobufMessage())
        number.add(1, 150)
        #expect(Array(number.pieces.joined()) == [0x08, 0x96, 0x01])
        text.add(2, "testing")
        #expect(Array(text.pieces.joined()) == [0x12, 0x07, 0x74, 0x65, 0x73, 0x74, 0x69, 0x6E, 0x67])
        outer.add(3, number)
        #expect(Array(outer.pieces.joined()) == [0x1A, 0x03, 0x08, 0x96, 0x01] && outer.count == 5)
        negative.add(1, -2)
        #expect(Array(negative.pieces.joined()) == [0x08, 0xFE] + [UInt8](repeating: 0xFF, count: 8) + [0x01])
    }
}
