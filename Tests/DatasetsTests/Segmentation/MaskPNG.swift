import CZlib

/// A PNG from packed rows of samples, of any colour type and depth, as ISO/IEC 15948 lays it out.
func maskPNG(width: Int, height: Int, depth: UInt8, colourType: UInt8, rows: [[UInt8]], colours: Int = 0) -> [UInt8] {
    func big(_ value: Int) -> [UInt8] { [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: value >> $0) } }
    func chunk(_ type: String, _ data: [UInt8]) -> [UInt8] {
        let body = Array(type.utf8) + data
        return big(data.count) + body + big(Int(czlib_crc32(0, body, body.count)))
    }
    let raw: [UInt8] = rows.flatMap { (row: [UInt8]) -> [UInt8] in [0] + row }
    var packed = [UInt8](repeating: 0, count: czlib_deflate_bound(raw.count))
    var length = 0
    _ = czlib_deflate(raw, raw.count, &packed, packed.count, &length, 9, Int32(CZLIB_ZLIB))
    // Colours that are nothing like their index.
    let palette = colours == 0 ? [] : chunk("PLTE", (0..<colours * 3).map { UInt8(truncatingIfNeeded: 200 - $0 * 7) })
    return [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A]
        + chunk("IHDR", big(width) + big(height) + [depth, colourType, 0, 0, 0]) + palette
        + chunk("IDAT", Array(packed.prefix(length))) + chunk("IEND", [])
}

/// An 8-bit grey mask of one value.
func greyMask(width: Int, height: Int, value: UInt8 = 0) -> [UInt8] {
    maskPNG(
        width: width, height: height, depth: 8, colourType: 0,
        rows: [[UInt8]](repeating: [UInt8](repeating: value, count: width), count: height))
}
