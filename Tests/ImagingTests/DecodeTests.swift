import Imaging
import Testing

@Suite("Decoding")
struct DecodeTests {
    @Test(
        "A JPEG of every colour space and sampling decodes to Pillow's pixels",
        arguments: ["420", "422", "444", "progressive", "restart", "rgb", "grey", "cmyk", "ycck"])
    func jpeg(name: String) throws {
        #expect(try Image(decoding: Fixture.bytes("\(name).jpg")) == Fixture.pixels("\(name).ppm"))
    }

    @Test("Grey from a coloured JPEG is the luma that it stores")
    func jpegLuma() throws {
        #expect(try Image(decoding: Fixture.bytes("420.jpg"), channels: .grey) == Fixture.pixels("420-luma.pgm"))
    }

    @Test("A JPEG is reduced only as far as the shorter side allows, with the pixels of Pillow's draft", arguments: [2, 4, 8])
    func reduced(part: Int) throws {
        let bytes = try Fixture.bytes("420.jpg")
        let expected = try Fixture.pixels("420-reduced\(part).ppm")
        #expect(try Image(decoding: bytes, options: .init(minimumShorterSide: 37 / part)) == expected)
        let larger = try Image(decoding: bytes, options: .init(minimumShorterSide: 37 / part + 1))
        #expect(larger.width > expected.width)
    }

    @Test(
        "A PNG of every colour type, depth and interlacing decodes to its samples, transparency on white",
        arguments: [
            "grey1", "grey2", "grey4", "grey8", "grey16", "rgb16", "rgba16", "rgb8", "rgb8-interlaced", "rgba8", "rgba8-interlaced",
            "greyalpha8", "grey8-trns", "palette8", "palette4", "palette4-interlaced", "palette8-trns",
        ])
    func png(name: String) throws {
        let expected = try Fixture.pixels("\(name).ppm")
        let bytes = try Fixture.bytes("\(name).png")
        #expect(try Image(decoding: bytes) == expected)
        #expect(try Image(decoding: bytes, channels: .grey) == expected.grey())
    }

    @Test(
        "A mask is read as raw indices",
        arguments: [
            "palette8", "palette4", "palette4-interlaced", "palette8-trns", "grey1", "grey2", "grey4", "grey16-indices",
        ])
    func indices(name: String) throws {
        #expect(try Image.decodingIndices(Fixture.bytes("\(name).png")) == Fixture.pixels("\(name)-indices.pgm"))
    }

    @Test("A coloured PNG, a JPEG and 16-bit values are refused as masks, with the remedy")
    func notIndices() throws {
        let colour = #expect(throws: ImagingError.self) { try Image.decodingIndices(Fixture.bytes("rgba8.png")) }
        #expect(
            colour?.description
                == "The PNG holds colours, not class indices. Save the mask as greyscale or palette PNG whose values are the classes.")
        let jpeg = #expect(throws: ImagingError.self) { try Image.decodingIndices(Fixture.bytes("grey.jpg")) }
        #expect(jpeg?.kind == .unsupported)
        let wide = #expect(throws: ImagingError.self) { try Image.decodingIndices(Fixture.bytes("grey16.png")) }
        #expect(wide?.description == "A 16-bit sample above 255 is no class index. Save the mask with one byte a pixel.")
    }

    @Test("EXIF orientation turns the picture upright, and the header says so", arguments: Orientation.allCases)
    func exif(orientation: Orientation) throws {
        let bytes = try Fixture.bytes("exif\(orientation.rawValue).jpg")
        let expected = try Fixture.pixels("exif\(orientation.rawValue).ppm")
        let header = try ImageHeader(of: bytes)
        #expect(header.orientation == orientation)
        #expect((header.width, header.height) == (expected.width, expected.height))
        #expect(try Image(decoding: bytes) == expected)
    }

    @Test("A PNG's eXIf chunk counts as well")
    func exifInPNG() throws {
        let bytes = try Fixture.bytes("exif6.png")
        #expect(try ImageHeader(of: bytes).orientation == .rotated90)
        #expect(try Image(decoding: bytes) == Fixture.pixels("exif6-png.ppm"))
    }

    @Test("The header gives format and size without the pixels")
    func header() throws {
        let jpeg = try ImageHeader(of: Fixture.bytes("progressive.jpg"))
        #expect((jpeg.format, jpeg.width, jpeg.height) == (.jpeg, 45, 37))
        let png = try ImageHeader(of: Fixture.bytes("grey16.png").prefix(33))
        #expect((png.format, png.width, png.height) == (.png, 11, 9))
    }

    @Test("Bytes need not be an array")
    func collections() throws {
        let bytes = try Fixture.bytes("420.jpg")
        let expected = try Fixture.pixels("420.ppm")
        #expect(try Image(decoding: bytes[...]) == expected)
        #expect(try Image(decoding: bytes.lazy.map { $0 }) == expected)
        #expect(try bytes.withUnsafeBytes { try Image(decoding: $0) } == expected)
    }
}
