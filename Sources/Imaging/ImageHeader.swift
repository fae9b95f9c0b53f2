/// What a JPEG or PNG says about itself before its pixels; reading it decodes nothing.
public struct ImageHeader: Sendable, Equatable {
    /// JPEG or PNG.
    public let format: ImageFormat
    /// Columns as stored.
    public let storedWidth: Int
    /// Rows as stored.
    public let storedHeight: Int
    /// How the stored rows are to be turned.
    public let orientation: Orientation

    /// Columns of the upright picture, which is what ``Image`` decodes to.
    public var width: Int { orientation.exchangesSides ? storedHeight : storedWidth }
    /// Rows of the upright picture.
    public var height: Int { orientation.exchangesSides ? storedWidth : storedHeight }

    /// Reads the header of a JPEG or PNG.
    /// - Throws: ``ImagingError`` where the bytes are neither, or end before the size is known.
    public init(of bytes: some Collection<UInt8>) throws {
        self = try withContiguousBytes(bytes) { try ImageHeader(contiguous: $0) }
    }

    init(contiguous bytes: UnsafeBufferPointer<UInt8>) throws {
        guard let format = ImageFormat.sniff(bytes) else { throw ImageFormat.unknown(bytes) }
        let reader = ByteReader(bytes: bytes)
        let found = format == .jpeg ? ImageHeader(jpeg: reader) : ImageHeader(png: reader)
        guard let found else {
            let name = format.rawValue.uppercased()
            throw ImagingError(
                .damaged, "The \(name) ends or breaks off in its header (\(bytes.count) bytes). Copy it again or remove it from the data.")
        }
        guard found.storedWidth > 0, found.storedHeight > 0 else {
            throw ImagingError(
                .damaged, "The header states \(found.storedWidth)×\(found.storedHeight) pixels. Remove the picture from the data.")
        }
        self = found
    }

    private init(format: ImageFormat, width: Int, height: Int, orientation: Orientation) {
        self.format = format
        storedWidth = width
        storedHeight = height
        self.orientation = orientation
    }

    // Marker segments up to the frame header; EXIF's APP1 comes before it.
    private init?(jpeg reader: ByteReader) {
        var orientation = Orientation.upright
        var offset = 2
        while true {
            // Markers may be padded with 0xFF; decoders pass over stray bytes between them, too.
            while let byte = reader.byte(offset), byte != 0xFF { offset += 1 }
            while reader.byte(offset) == 0xFF { offset += 1 }
            guard let marker = reader.byte(offset) else { return nil }
            offset += 1
            switch marker {
            case 0x00, 0x01, 0xD0...0xD8:
                continue
            case 0xD9, 0xDA:
                return nil
            default:
                break
            }
            guard let length = reader.uint16(offset), length >= 2 else { return nil }
            let isFrame = (0xC0...0xCF).contains(marker) && ![0xC4, 0xC8, 0xCC].contains(marker)
            if isFrame {
                guard let height = reader.uint16(offset + 3), let width = reader.uint16(offset + 5) else { return nil }
                self.init(format: .jpeg, width: width, height: height, orientation: orientation)
                return
            }
            if marker == 0xE1, reader.matches("Exif\0\0", at: offset + 2), offset + length <= reader.count {
                orientation = reader.orientation(ofTIFFIn: offset + 8..<max(offset + 8, offset + length))
            }
            offset += length
        }
    }

    private init?(png reader: ByteReader) {
        guard reader.matches("IHDR", at: 12), let width = reader.uint32(16), let height = reader.uint32(20) else { return nil }
        var orientation = Orientation.upright
        var offset = 8
        // eXIf may stand on either side of the pixels; only chunk heads are read on the way.
        while let length = reader.uint32(offset), !reader.matches("IEND", at: offset + 4), length <= reader.count - offset {
            if reader.matches("eXIf", at: offset + 4) {
                orientation = reader.orientation(ofTIFFIn: offset + 8..<offset + 8 + length)
                break
            }
            offset += 12 + length
        }
        self.init(format: .png, width: width, height: height, orientation: orientation)
    }
}
