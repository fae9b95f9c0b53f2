import Imaging
import Testing

@Suite("Encoding")
struct EncodeTests {
    @Test("PNG keeps grey and RGB pixels, at every compression", arguments: [0, 6, 9])
    func png(compression: Int) throws {
        let image = try Fixture.pixels("scene.ppm")
        let encoded = try image.encodedPNG(compression: compression)
        #expect(ImageFormat.sniff(encoded) == .png)
        #expect(try Image(decoding: encoded) == image)
        #expect(try Image(decoding: image.grey().encodedPNG(compression: compression), channels: .grey) == image.grey())
    }

    @Test("A palette PNG keeps the indices and shows their colours")
    func palette() throws {
        let mask = try Image(width: 4, height: 1, channels: 1, pixels: [0, 1, 2, 255])
        let encoded = try mask.encodedPNG(palette: .pascalVOC)
        #expect(try Image.decodingIndices(encoded) == mask)
        // The first colours of Pascal VOC's development kit, and its border colour.
        #expect(try Image(decoding: encoded).pixels == [0, 0, 0, 128, 0, 0, 0, 128, 0, 224, 224, 192])
    }

    @Test("An index beyond its palette is refused")
    func paletteTooShort() throws {
        let mask = try Image(width: 2, height: 1, channels: 1, pixels: [0, 2])
        let two = try Palette([.init(red: 0, green: 0, blue: 0), .init(red: 255, green: 0, blue: 0)])
        let error = #expect(throws: ImagingError.self) { try mask.encodedPNG(palette: two) }
        #expect(error?.description == "Index 2 is beyond the palette of 2 colours.")
        #expect(throws: ImagingError.self) { try Palette([]) }
    }

    @Test("JPEG comes back nearly the same, nearer at higher quality and in fewer bytes at lower")
    func jpeg() throws {
        let image = try scene(width: 120, height: 80)
        let (fine, coarse) = (try image.grey().encodedJPEG(quality: 95), try image.grey().encodedJPEG(quality: 20))
        #expect(fine.count > coarse.count)
        #expect(ImageFormat.sniff(fine) == .jpeg)
        let near = try largestDifference(Image(decoding: fine, channels: .grey), image.grey())
        let far = try largestDifference(Image(decoding: coarse, channels: .grey), image.grey())
        #expect(near < far)
        #expect(near <= 12)
        #expect(throws: ImagingError.self) { try image.encodedJPEG(quality: 0) }
    }

    @Test("A side that JPEG cannot hold is an error in libjpeg's words")
    func jpegTooLarge() throws {
        let error = #expect(throws: ImagingError.self) { try Image(width: 70_000, height: 1, filledWith: [0]).encodedJPEG() }
        #expect(error?.description.contains("65500") == true)
    }
}
