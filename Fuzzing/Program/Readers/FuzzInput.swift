/// An input of the fuzzer: a file, and behind it what the fuzzer chooses about its reading. Choices are taken from the end, so that what
/// stands before them stays the file that it is.
struct FuzzInput {
    private var rest: ArraySlice<UInt8>

    init(_ bytes: [UInt8]) { rest = bytes[...] }

    /// One of `count` ways; the first where the input is used up.
    mutating func choice(_ count: Int) -> Int { Int(rest.popLast() ?? 0) % count }

    /// A second file: its length in two bytes (little-endian), before them its content.
    mutating func piece() -> [UInt8] {
        let high = Int(rest.popLast() ?? 0)
        let length = high << 8 | Int(rest.popLast() ?? 0)
        let piece = Array(rest.suffix(length))
        rest = rest.dropLast(length)
        return piece
    }

    /// All that is left.
    var file: [UInt8] { Array(rest) }
}
