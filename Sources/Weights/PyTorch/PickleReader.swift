/// Reads a pickle's bytes: numbers, strings and lines, each checked against the end of the buffer.
struct PickleReader {
    let bytes: UnsafeRawBufferPointer
    var offset: Int

    private func fault(_ kind: PickleMachine.Fault.Kind, _ problem: String) -> PickleMachine.Fault {
        PickleMachine.Fault(kind: kind, offset: offset, problem: problem)
    }

    mutating func byte() throws(PickleMachine.Fault) -> UInt8 {
        guard offset < bytes.count else { throw fault(.truncated, "the pickle ends early") }
        offset += 1
        return bytes[offset - 1]
    }

    private mutating func take(_ count: Int) throws(PickleMachine.Fault) -> UnsafeRawBufferPointer {
        guard count >= 0, count <= bytes.count - offset else {
            throw fault(.truncated, "the pickle ends early: \(count) bytes announced, \(bytes.count - offset) left")
        }
        offset += count
        return UnsafeRawBufferPointer(rebasing: bytes[offset - count..<offset])
    }

    /// A little-endian unsigned number of up to 8 bytes that fits an `Int`.
    mutating func unsigned(_ width: Int) throws(PickleMachine.Fault) -> Int {
        var value: UInt64 = 0
        for (index, byte) in try take(width).enumerated() { value |= UInt64(byte) << (8 * UInt64(index)) }
        guard let number = Int(exactly: value) else { throw fault(.damaged, "length \(value) exceeds 63 bits") }
        return number
    }

    /// The bytes up to the next line feed, which is skipped.
    mutating func line() throws(PickleMachine.Fault) -> String {
        guard let end = bytes[offset...].firstIndex(of: 0x0A) else { throw fault(.truncated, "a line has no end") }
        let line = String(decoding: bytes[offset..<end], as: UTF8.self)
        offset = end + 1
        return line
    }

    mutating func decimalLine() throws(PickleMachine.Fault) -> Int {
        let line = try line()
        guard let number = Int(line) else { throw fault(.damaged, "\"\(line.prefix(20))\" is not a number") }
        return number
    }

    /// The value of an opcode that pushes a plain value; nil for other opcodes.
    mutating func scalar(_ opcode: UInt8) throws(PickleMachine.Fault) -> PickleValue? {
        switch opcode {
        case UInt8(ascii: "N"): return PickleValue.none
        case 0x88: return .bool(true)
        case 0x89: return .bool(false)
        case UInt8(ascii: "K"): return .int(Int(try byte()))
        case UInt8(ascii: "M"): return .int(try unsigned(2))
        case UInt8(ascii: "J"): return .int(Int(Int32(truncatingIfNeeded: try unsigned(4))))
        case UInt8(ascii: "I"):
            let line = try line()
            if line == "00" || line == "01" { return .bool(line == "01") }
            guard let number = Int(line) else { throw fault(.damaged, "\"\(line.prefix(20))\" is not a number") }
            return .int(number)
        case UInt8(ascii: "L"):
            let line = try line()
            let digits = line.hasSuffix("L") ? String(line.dropLast()) : line
            guard let number = Int(digits) else { throw fault(.unsupported, "integer \(digits.prefix(40)) exceeds 64 bits") }
            return .int(number)
        case 0x8A: return long(try take(Int(try byte())))  // LONG1
        case 0x8B: return long(try take(try unsigned(4)))  // LONG4
        case UInt8(ascii: "F"):
            let line = try line()
            guard let number = Double(line) else { throw fault(.damaged, "\"\(line.prefix(20))\" is not a number") }
            return .double(number)
        case UInt8(ascii: "G"):
            return .double(Double(bitPattern: UInt64(bigEndian: try take(8).loadUnaligned(as: UInt64.self))))
        default: return try text(opcode)
        }
    }

    private mutating func text(_ opcode: UInt8) throws(PickleMachine.Fault) -> PickleValue? {
        switch opcode {
        case 0x8C: return .string(string(try take(Int(try byte()))))  // SHORT_BINUNICODE
        case UInt8(ascii: "X"): return .string(string(try take(try unsigned(4))))
        case 0x8D: return .string(string(try take(try unsigned(8))))  // BINUNICODE8
        // Python 2 strings are names here far more often than binary data.
        case UInt8(ascii: "U"): return .string(string(try take(Int(try byte()))))
        case UInt8(ascii: "T"): return .string(string(try take(try unsigned(4))))
        case UInt8(ascii: "S"):
            let line = try line()
            guard line.count >= 2, let quote = line.first, quote == "'" || quote == "\"", line.last == quote else {
                throw fault(.damaged, "a string without quotation marks")
            }
            return .string(String(line.dropFirst().dropLast()))
        case UInt8(ascii: "V"): return .string(try line())
        case UInt8(ascii: "C"): return .bytes(Array(try take(Int(try byte()))))
        case UInt8(ascii: "B"): return .bytes(Array(try take(try unsigned(4))))
        case 0x8E, 0x96: return .bytes(Array(try take(try unsigned(8))))  // BINBYTES8, BYTEARRAY8
        default: return nil
        }
    }

    private func string(_ bytes: UnsafeRawBufferPointer) -> String { String(decoding: bytes, as: UTF8.self) }

    /// A two's complement number; beyond 64 bits its bytes.
    private func long(_ bytes: UnsafeRawBufferPointer) -> PickleValue {
        guard let last = bytes.last else { return .int(0) }
        guard bytes.count <= 8 else { return .long(Array(bytes)) }
        var value: UInt64 = last & 0x80 == 0 ? 0 : .max
        for byte in bytes.reversed() { value = value << 8 | UInt64(byte) }
        return .int(Int(bitPattern: UInt(value)))
    }
}
