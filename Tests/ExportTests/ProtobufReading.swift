/// The fields of a protobuf message, read back: by number, in order.
struct ReadMessage {
    enum Value: Equatable {
        case number(UInt64)
        case bytes([UInt8])
    }

    private(set) var fields: [(number: Int, value: Value)] = []

    init?(_ bytes: [UInt8]) {
        var place = 0
        func varint() -> UInt64? {
            var (value, shift) = (UInt64(0), UInt64(0))
            while place < bytes.count, shift < 64 {
                let byte = bytes[place]
                place += 1
                value |= UInt64(byte & 0x7F) << shift
                if byte & 0x80 == 0 { return value }
                shift += 7
            }
            return nil
        }
        while place < bytes.count {
            guard let key = varint() else { return nil }
            switch key & 7 {
            case 0:
                guard let value = varint() else { return nil }
                fields.append((Int(key >> 3), .number(value)))
            case 2:
                guard let count = varint(), place + Int(count) <= bytes.count else { return nil }
                fields.append((Int(key >> 3), .bytes(Array(bytes[place..<place + Int(count)]))))
                place += Int(count)
            case 5:
                guard place + 4 <= bytes.count else { return nil }
                fields.append((Int(key >> 3), .bytes(Array(bytes[place..<place + 4]))))
                place += 4
            default: return nil
            }
        }
    }

    func texts(_ number: Int) -> [String] {
        fields.compactMap {
            if $0.number == number, case .bytes(let bytes) = $0.value { String(decoding: bytes, as: UTF8.self) } else { nil }
        }
    }

    func numbers(_ number: Int) -> [Int] {
        fields.compactMap { if $0.number == number, case .number(let value) = $0.value { Int(truncatingIfNeeded: value) } else { nil } }
    }

    func messages(_ number: Int) -> [ReadMessage] {
        fields.compactMap { if $0.number == number, case .bytes(let bytes) = $0.value { ReadMessage(bytes) } else { nil } }
    }

    func bytes(_ number: Int) -> [UInt8]? {
        fields.lazy.compactMap { if $0.number == number, case .bytes(let bytes) = $0.value { bytes } else { nil } }.first
    }
}
