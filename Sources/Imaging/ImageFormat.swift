/// The file formats that Imaging reads, told by their first bytes and never by a file's name.
public enum ImageFormat: String, Sendable, CaseIterable {
    /// JPEG (ITU-T T.81), baseline and progressive.
    case jpeg
    /// PNG (ISO/IEC 15948).
    case png

    /// The format that the bytes begin like, or nil.
    public static func sniff(_ bytes: some Collection<UInt8>) -> ImageFormat? {
        if bytes.starts(with: [0xFF, 0xD8, 0xFF]) { return .jpeg }
        if bytes.starts(with: [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A]) { return .png }
        return nil
    }

    /// The sentence for bytes of neither format.
    static func unknown(_ bytes: some Collection<UInt8>) -> ImagingError {
        if bytes.isEmpty {
            return ImagingError(.notAPicture, "The picture is empty (0 bytes). Copy it again or remove it from the data.")
        }
        let start = Array(bytes.prefix(16))
        let found: String
        switch start {
        case _ where start.starts(with: Array("GIF8".utf8)): found = "a GIF"
        case _ where start.starts(with: Array("BM".utf8)): found = "a BMP"
        case _ where start.starts(with: Array("II*\0".utf8)) || start.starts(with: Array("MM\0*".utf8)): found = "a TIFF"
        case _ where start.starts(with: Array("RIFF".utf8)) && start.dropFirst(8).starts(with: Array("WEBP".utf8)): found = "a WebP"
        case _ where start.dropFirst(4).starts(with: Array("ftyp".utf8)): found = "a HEIF or AVIF"
        case _ where start.allSatisfy({ $0 >= 0x20 && $0 < 0x7F || $0 == 0x09 || $0 == 0x0A || $0 == 0x0D }):
            let text = String(decoding: start, as: UTF8.self).split(whereSeparator: \.isNewline).first ?? ""
            found = "text that begins “\(text)”"
        default:
            let hex = start.prefix(4).map { ($0 < 16 ? "0" : "") + String($0, radix: 16, uppercase: true) }
            found = "bytes that begin \(hex.joined(separator: " "))"
        }
        return ImagingError(
            .notAPicture,
            "Neither JPEG nor PNG, but \(found) (\(bytes.count) bytes). Convert it to JPEG or PNG, or remove it from the data.")
    }
}

/// How many values a decoded pixel has.
public enum ChannelLayout: Int, Sendable, CaseIterable {
    /// One: luma.
    case grey = 1
    /// Three: red, green, blue.
    case rgb = 3
}
