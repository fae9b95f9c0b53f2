extension JSONScanner {
    private static let powersOfTen: [Double] = [
        1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22,
    ]

    /// Passes over a number and gives the nearest `Double`, exact for whole numbers up to 2⁵³. One too large for a `Double` is a fault.
    mutating func number() throws(JSONFault) -> Double {
        let start = position
        let isNegative = byte == UInt8(ascii: "-")
        if isNegative { advance() }
        var mantissa: UInt64 = 0
        var exponent = 0
        var isExact = true

        // A digit more than 2⁵³ has makes the short way below inexact.
        func append(_ digit: UInt8) {
            if mantissa < 900_000_000_000_000 { mantissa = mantissa * 10 + UInt64(digit & 0x0F) } else { isExact = false }
        }
        if byte == UInt8(ascii: "0") {
            advance()
            if let byte, Self.isDigit(byte) { throw fault("a number begins with 0") }
        } else {
            guard let first = byte, Self.isDigit(first) else {
                position = start
                throw unexpected("a value")
            }
            while let byte, Self.isDigit(byte) {
                append(byte)
                advance()
            }
        }
        if byte == UInt8(ascii: ".") {
            advance()
            guard let first = byte, Self.isDigit(first) else { throw unexpected("a digit") }
            while let byte, Self.isDigit(byte) {
                append(byte)
                exponent -= 1
                advance()
            }
        }
        if byte == UInt8(ascii: "e") || byte == UInt8(ascii: "E") {
            advance()
            let falls = byte == UInt8(ascii: "-")
            if falls || byte == UInt8(ascii: "+") { advance() }
            guard let first = byte, Self.isDigit(first) else { throw unexpected("a digit") }
            var stated = 0
            while let byte, Self.isDigit(byte) {
                if stated < 100_000 { stated = stated * 10 + Int(byte & 0x0F) }
                advance()
            }
            exponent += falls ? -stated : stated
        }
        // Both factors are exact, so one rounding is the right one (Clinger 1990).
        if isExact, exponent.magnitude <= 22 {
            let power = Self.powersOfTen[Int(exponent.magnitude)]
            let value = exponent < 0 ? Double(mantissa) / power : Double(mantissa) * power
            return isNegative ? -value : value
        }
        guard let value = Double(String(decoding: bytes[start..<position], as: UTF8.self)), value.isFinite else {
            position = start
            throw fault("a number is too large")
        }
        return value
    }

    @inline(__always) static func isDigit(_ byte: UInt8) -> Bool { byte >= UInt8(ascii: "0") && byte <= UInt8(ascii: "9") }
}
