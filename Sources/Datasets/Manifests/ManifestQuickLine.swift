import Glibc

/// Reads the lines that nearly all of a manifest for classification consists of in one pass and without memory of their own: a reference
/// that is plain text, one class number, and metadata that tell its name. Any other line, and any that may be wrong, is left to
/// ``ManifestLine``: what is read here, that reads alike.
struct ManifestQuickLine {
    /// What a line tells.
    struct Content {
        let label: Int
        /// Its class's name, where the metadata have one.
        let name: JSONString?
    }

    private let keys: Keys
    private let classCount: Int
    private let isUsed: Bool
    /// `s3://bucket/` of the last line that ``ManifestLine`` could open.
    private var bucket: [UInt8] = []

    /// The attributes' names, in memory that threads read without counting who holds it: counters that they share would cost more than
    /// all the rest.
    private final class Keys: Sendable {
        nonisolated(unsafe) let image: UnsafeBufferPointer<UInt8>
        nonisolated(unsafe) let label: UnsafeBufferPointer<UInt8>
        nonisolated(unsafe) let metadata: UnsafeBufferPointer<UInt8>

        init(_ manifest: AugmentedManifest) {
            func copied(_ text: String) -> UnsafeBufferPointer<UInt8> {
                let memory = UnsafeMutableBufferPointer<UInt8>.allocate(capacity: text.utf8.count)
                _ = memory.initialize(from: text.utf8)
                return UnsafeBufferPointer(memory)
            }
            image = copied(manifest.image)
            label = copied(manifest.label)
            metadata = copied(manifest.metadata)
        }

        deinit { for text in [image, label, metadata] { text.deallocate() } }
    }

    init(_ line: ManifestLine) {
        let manifest = line.manifest
        keys = Keys(manifest)
        classCount = manifest.classCount ?? ImageListReader.highestPlausibleLabel + 1
        isUsed = manifest.task == .classification
    }

    /// What a line tells; nil: whoever is thorough must read it.
    func read(_ bytes: UnsafeBufferPointer<UInt8>) -> Content? {
        guard isUsed else { return nil }
        return withExtendedLifetime(keys) { read(bytes, image: keys.image, label: keys.label, metadata: keys.metadata) }
    }

    private func read(
        _ bytes: UnsafeBufferPointer<UInt8>, image: UnsafeBufferPointer<UInt8>, label: UnsafeBufferPointer<UInt8>,
        metadata: UnsafeBufferPointer<UInt8>
    ) -> Content? {
        var reference: JSONString?
        var number: Int?
        var name: JSONString?
        var isPlain = true
        var scanner = JSONScanner(bytes)
        do throws(JSONFault) {
            try scanner.members { (scanner, key) throws(JSONFault) in
                scanner.skipSpace()
                if key.matches(image, in: bytes) {
                    reference = nil
                    guard scanner.byte == UInt8(ascii: "\"") else { return try scanner.skipValue(depth: 1) }
                    reference = try scanner.string()
                } else if key.matches(label, in: bytes) {
                    number = try Self.classNumber(&scanner)
                } else if key.matches(metadata, in: bytes) {
                    // Of equal keys the last counts: a line with two is not plain.
                    if name != nil { isPlain = false }
                    guard scanner.byte == UInt8(ascii: "{") else { return try scanner.skipValue(depth: 1) }
                    try scanner.members(depth: 1) { (scanner, key) throws(JSONFault) in
                        scanner.skipSpace()
                        if key.matches(ManifestClassNames.classNameKey, in: bytes), scanner.byte == UInt8(ascii: "\"") {
                            if name != nil { isPlain = false }
                            name = try scanner.string()
                        } else {
                            if key.matches(ManifestClassNames.classMapKey, in: bytes)
                                || key.matches(ManifestClassNames.colourMapKey, in: bytes)
                            {
                                isPlain = false
                            }
                            try scanner.skipValue(depth: 2)
                        }
                    }
                } else {
                    try scanner.skipValue(depth: 1)
                }
            }
            try scanner.finish()
        } catch {
            return nil
        }
        guard isPlain, let number, number < classCount, let reference, leadsSomewhere(reference, in: bytes) else { return nil }
        return Content(label: number, name: name)
    }

    /// Remembers the bucket of a line that has been read thoroughly, and was right.
    mutating func learn(from bytes: UnsafeBufferPointer<UInt8>) {
        guard isUsed else { return }
        var scanner = JSONScanner(bytes)
        var found: [UInt8]?
        try? scanner.members { (scanner, key) throws(JSONFault) in
            scanner.skipSpace()
            guard key.matches(keys.image, in: bytes), scanner.byte == UInt8(ascii: "\"") else { return try scanner.skipValue(depth: 1) }
            let text = bytes[try scanner.string().range]
            found = nil
            if text.starts(with: "s3://".utf8), let slash = text.dropFirst(5).firstIndex(of: UInt8(ascii: "/")) {
                found = Array(text[...slash])
            }
        }
        if let found { bucket = found }
    }

    /// A class number, or a string of its digits; nil for anything else, which is passed over.
    @inline(__always)
    private static func classNumber(_ scanner: inout JSONScanner) throws(JSONFault) -> Int? {
        let digits: Range<Int>
        switch scanner.byte {
        case UInt8(ascii: "\""): digits = try scanner.string().range
        case .some(let byte) where JSONScanner.isDigit(byte):
            let start = scanner.position
            _ = try scanner.number()
            digits = start..<scanner.position
        default:
            try scanner.skipValue(depth: 1)
            return nil
        }
        guard (1...6).contains(digits.count), digits.count == 1 || scanner.bytes[digits.lowerBound] != UInt8(ascii: "0") else { return nil }
        var number = 0
        for index in digits {
            guard JSONScanner.isDigit(scanner.bytes[index]) else { return nil }
            number = number * 10 + Int(scanner.bytes[index] & 0x0F)
        }
        return number
    }

    /// Whether a reference is certainly one that ``ManifestReferences`` takes: a path without a colon, or a key in the known bucket.
    private func leadsSomewhere(_ reference: JSONString, in bytes: UnsafeBufferPointer<UInt8>) -> Bool {
        guard !reference.hasEscapes, !reference.range.isEmpty else { return false }
        let text = UnsafeBufferPointer(rebasing: bytes[reference.range])
        guard let base = text.baseAddress else { return false }
        var high: UInt8 = 0
        for byte in text { high |= byte }
        if high & 0x80 != 0, String(validating: text, as: UTF8.self) == nil { return false }
        if memchr(base, Int32(UInt8(ascii: ":")), text.count) == nil { return true }
        return text.count > bucket.count && !bucket.isEmpty && text.last != UInt8(ascii: "/") && text.starts(with: bucket)
    }
}
