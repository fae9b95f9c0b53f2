import Imaging

/// A JPEG with an EXIF block that holds nothing but the orientation.
func turnedJPEG(_ image: Image, orientation: UInt8) throws -> [UInt8] {
    let tag: [UInt8] = [0x01, 0x12, 0, 3, 0, 0, 0, 1, 0, orientation, 0, 0]
    let exif = Array("Exif\0\0MM\0*".utf8) + [0, 0, 0, 8, 0, 1] + tag + [0, 0, 0, 0]
    let bytes = try image.encodedJPEG()
    return bytes.prefix(2) + [0xFF, 0xE1, 0, UInt8(exif.count + 2)] + exif + bytes.dropFirst(2)
}
