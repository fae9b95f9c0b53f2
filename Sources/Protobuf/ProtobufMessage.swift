/// A protobuf message on its way into a file: pieces of bytes, so that weights are never copied into their enclosing messages.
///
/// Written by hand: generated code for ONNX would be several times as long as all that is written here and hold every weight twice, and for
/// SageMaker's records bring a message for each of eight types. Source: protobuf.dev, "Encoding".
public struct ProtobufMessage {
    /// The message, piece by piece.
    public private(set) var pieces: [[UInt8]] = []
    /// Bytes of all pieces.
    public private(set) var count = 0

    /// An empty message.
    public init() {}

    /// Adds a number: wire type 0, also of enumerations.
    public mutating func add(_ field: Int, _ value: Int) {
        append(Self.varint(UInt64(field) << 3) + Self.varint(UInt64(bitPattern: Int64(value))))
    }

    /// Adds a float: wire type 5.
    public mutating func add(_ field: Int, _ value: Float) {
        append(Self.varint(UInt64(field) << 3 | 5) + withUnsafeBytes(of: value.bitPattern.littleEndian) { Array($0) })
    }

    /// Adds a double: wire type 1.
    public mutating func add(_ field: Int, _ value: Double) {
        append(Self.varint(UInt64(field) << 3 | 1) + withUnsafeBytes(of: value.bitPattern.littleEndian) { Array($0) })
    }

    /// Adds bytes: wire type 2.
    public mutating func add(_ field: Int, _ bytes: [UInt8]) {
        append(Self.varint(UInt64(field) << 3 | 2) + Self.varint(UInt64(bytes.count)))
        append(bytes)
    }

    /// Adds a text.
    public mutating func add(_ field: Int, _ text: String) { add(field, Array(text.utf8)) }

    /// Adds a message.
    public mutating func add(_ field: Int, _ message: ProtobufMessage) {
        append(Self.varint(UInt64(field) << 3 | 2) + Self.varint(UInt64(message.count)))
        for piece in message.pieces { append(piece) }
    }

    /// Adds fields that are encoded already.
    public mutating func append(raw bytes: [UInt8]) { append(bytes) }

    private mutating func append(_ bytes: [UInt8]) {
        count += bytes.count
        // Small pieces are joined: a graph has thousands of fields.
        if bytes.count < 4096, let last = pieces.indices.last, pieces[last].count < 4096 {
            pieces[last] += bytes
        } else {
            pieces.append(bytes)
        }
    }

    /// Seven bits a byte, the lowest first.
    public static func varint(_ value: UInt64) -> [UInt8] {
        var (rest, bytes) = (value, [UInt8]())
        repeat {
            bytes.append(UInt8(rest & 0x7F) | (rest > 0x7F ? 0x80 : 0))
            rest >>= 7
        } while rest > 0
        return bytes
    }
}
