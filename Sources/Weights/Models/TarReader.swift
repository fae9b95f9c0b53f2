/// The files of a tar archive one after another (POSIX ustar and pax, GNU long names), packed by gzip or not.
final class TarReader {
    /// A regular file.
    struct Entry {
        let name: String
        /// Its size in bytes.
        let size: Int
    }

    private static let block = 512
    private let path: String
    private let bytes: ArchiveBytes
    /// Bytes of the current entry that nobody has read.
    private var left = 0
    private var padding = 0

    init(_ path: String) throws {
        self.path = path
        bytes = try ArchiveBytes(path)
    }

    /// The next regular file; nil at the end.
    func next() throws -> Entry? {
        var longName: String?
        var longSize: Int?
        while true {
            try bytes.skip(left + padding)
            (left, padding) = (0, 0)
            // Some writers leave out the two empty blocks at the end.
            guard let header = try bytes.readIfAny(Self.block), header.contains(where: { $0 != 0 }) else {
                try bytes.finish()
                return nil
            }
            guard Self.hasChecksum(header), var size = Self.number(header[124..<136]) else {
                throw WeightsError(.damaged, "\(path) is no tar archive, or is damaged. Fetch it again.")
            }
            let kind = header[156]
            if !["x", "g", "L", "K"].contains(Character(UnicodeScalar(kind))), let longSize { size = longSize }
            // More no file system holds, and sums would overflow.
            guard (0...1 << 50).contains(size) else {
                throw WeightsError(.damaged, "\(path) is no tar archive, or is damaged. Fetch it again.")
            }
            left = size
            padding = (Self.block - size % Self.block) % Self.block
            switch kind {
            case UInt8(ascii: "L"): longName = Self.text(try content(limit: 1 << 16)[...])
            case UInt8(ascii: "x"):
                let values = Self.pax(try content(limit: 1 << 20))
                longName = values["path"] ?? longName
                longSize = values["size"].flatMap { Int($0) } ?? longSize
            case 0, UInt8(ascii: "0"), UInt8(ascii: "7"):
                return Entry(name: longName ?? Self.name(header), size: size)
            case UInt8(ascii: "g"), UInt8(ascii: "K"): continue
            default: (longName, longSize) = (nil, nil)
            }
        }
    }

    /// Hands out the current entry's content, piece by piece.
    func copy(_ receive: (UnsafeRawBufferPointer) throws -> Void) throws {
        try bytes.copy(left, receive)
        left = 0
    }

    private func content(limit: Int) throws -> [UInt8] {
        guard left <= limit else {
            throw WeightsError(.damaged, "\(path) has a header of \(left) bytes, where \(limit) are allowed. Fetch it again.")
        }
        var content: [UInt8] = []
        try copy { content += $0 }
        return content
    }

    // MARK: Headers

    /// The sum of a header's bytes, its own field counted as blanks.
    private static func hasChecksum(_ header: [UInt8]) -> Bool {
        var sum = 8 * Int(UInt8(ascii: " "))
        for (index, byte) in header.enumerated() where !(148..<156).contains(index) { sum += Int(byte) }
        return number(header[148..<156]) == sum
    }

    /// Octal digits, or, with the first bit set, a big-endian number (GNU).
    private static func number(_ field: ArraySlice<UInt8>) -> Int? {
        guard let first = field.first else { return nil }
        if first & 0x80 != 0 {
            let digits = field.dropFirst().drop { $0 == 0 }
            guard first == 0x80, digits.count < 8 else { return nil }
            return digits.reduce(0) { $0 << 8 | Int($1) }
        }
        let digits = field.drop { $0 == UInt8(ascii: " ") }.prefix { (UInt8(ascii: "0")...UInt8(ascii: "7")).contains($0) }
        return digits.isEmpty ? 0 : Int(String(decoding: digits, as: UTF8.self), radix: 8)
    }

    private static func text(_ field: ArraySlice<UInt8>) -> String { String(decoding: field.prefix { $0 != 0 }, as: UTF8.self) }

    private static func name(_ header: [UInt8]) -> String {
        let name = text(header[0..<100])
        // GNU's own form has other fields where POSIX keeps the folder.
        let isPOSIX = header[257..<263].elementsEqual([0x75, 0x73, 0x74, 0x61, 0x72, 0])
        let folder = isPOSIX ? text(header[345..<500]) : ""
        return folder.isEmpty ? name : folder + "/" + name
    }

    /// Lines of `length key=value`.
    private static func pax(_ content: [UInt8]) -> [String: String] {
        var values: [String: String] = [:]
        var rest = content[...]
        while let blank = rest.firstIndex(of: UInt8(ascii: " ")), let length = Int(String(decoding: rest[..<blank], as: UTF8.self)),
            length > blank - rest.startIndex + 1, length <= rest.count
        {
            let line = rest[(blank + 1)..<(rest.startIndex + length - 1)]
            if let sign = line.firstIndex(of: UInt8(ascii: "=")) {
                values[String(decoding: line[..<sign], as: UTF8.self)] = String(decoding: line[(sign + 1)...], as: UTF8.self)
            }
            rest = rest[(rest.startIndex + length)...]
        }
        return values
    }
}
