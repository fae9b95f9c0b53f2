import Imaging
import Testing

@Suite("Decoding a region")
struct RegionTests {
    /// 4:2:0 from our encoder, and every sampling and colour space of the fixtures.
    static let pictures = ["large", "420", "422", "444", "progressive", "restart", "rgb", "grey", "cmyk", "rgba8"]

    static func bytes(_ name: String) throws -> [UInt8] {
        if name == "large" { return try scene(width: 301, height: 203).encodedJPEG() }
        return try Fixture.bytes(name == "rgba8" ? "rgba8.png" : "\(name).jpg")
    }

    @Test("Without reduction the pixels are those of decoding everything", arguments: pictures)
    func exact(name: String) throws {
        let bytes = try RegionTests.bytes(name)
        let whole = try Image(decoding: bytes)
        var random = SplitMix(seed: 11)
        for _ in 0..<60 {
            let width = Int.random(in: 1...whole.width, using: &random), height = Int.random(in: 1...whole.height, using: &random)
            let rect = PixelRect(
                x: Int.random(in: 0...whole.width - width, using: &random), y: Int.random(in: 0...whole.height - height, using: &random),
                width: width, height: height)
            let region = try Image.decodingRegion(rect, of: bytes, toCover: (width, height))
            let inside = PixelRect(x: Int(region.source.x), y: Int(region.source.y), width: width, height: height)
            #expect(try region.image.cropped(to: inside) == whole.cropped(to: rect), "\(rect)")
            #expect(try region.resized(width: 9, height: 8) == whole.cropped(to: rect).resized(width: 9, height: 8), "\(rect)")
        }
    }

    @Test("Every orientation gives the upright region", arguments: Orientation.allCases)
    func oriented(orientation: Orientation) throws {
        let bytes = try Fixture.bytes("exif\(orientation.rawValue).jpg")
        let whole = try Image(decoding: bytes)
        for rect in [
            PixelRect(x: 1, y: 2, width: 9, height: 7), PixelRect(x: 5, y: 4, width: 3, height: 10),
            PixelRect(x: 0, y: 0, width: whole.width, height: whole.height),
        ] {
            let region = try Image.decodingRegion(rect, of: bytes, toCover: (rect.width, rect.height))
            #expect(try region.resized(width: rect.width, height: rect.height) == whole.cropped(to: rect))
        }
    }

    @Test("A reduced region lies where the full one does, to a fraction of a pixel")
    func reduced() throws {
        // A smooth picture: reduction by the inverse DCT and by the triangle filter agree, a shift by half a pixel would show.
        let values = (0..<403 * 301).map { (place: Int) -> UInt8 in UInt8(place % 403 / 2 + place / 403 / 8) }
        let ramp = try Image(width: 403, height: 301, channels: 1, pixels: values)
        let bytes = try ramp.encodedJPEG(quality: 100)
        for rect in [PixelRect(x: 3, y: 5, width: 320, height: 256), PixelRect(x: 101, y: 37, width: 163, height: 131)] {
            for size in [100, 40, 16] {
                let region = try Image.decodingRegion(rect, of: bytes, toCover: (size, size), channels: .grey)
                let full = try Image.decodingRegion(
                    rect, of: bytes, toCover: (size, size), channels: .grey, options: .init(reducesRegions: false))
                if size < 100 { #expect(region.image.width < full.image.width) }
                let difference = try largestDifference(region.resized(width: size, height: size), full.resized(width: size, height: size))
                #expect(difference <= 2, "\(rect) at \(size)")
            }
        }
    }

    @Test("A region outside the picture is refused by name")
    func outside() throws {
        let bytes = try Fixture.bytes("420.jpg")
        for rect in [
            PixelRect(x: 40, y: 0, width: 6, height: 3), PixelRect(x: -1, y: 0, width: 3, height: 3),
            PixelRect(x: 0, y: 0, width: 0, height: 3), PixelRect(x: 1, y: 1, width: .max, height: .max),
        ] {
            let error = #expect(throws: ImagingError.self) { try Image.decodingRegion(rect, of: bytes, toCover: (4, 4)) }
            #expect(error?.kind == .invalidArgument)
        }
    }

    @Test("A file cut off below the region is refused, and tolerated on request")
    func cutBelow() throws {
        let bytes = try RegionTests.bytes("large")
        let rect = PixelRect(x: 10, y: 10, width: 40, height: 20)
        let cut = bytes.prefix(bytes.count * 3 / 4)
        #expect(throws: ImagingError.self) { try Image.decodingRegion(rect, of: cut, toCover: (40, 20)) }
        let kept = try Image.decodingRegion(rect, of: cut, toCover: (40, 20), options: .init(tolerant: true))
        #expect(try kept.resized(width: 40, height: 20) == Image(decoding: bytes).cropped(to: rect))
    }
}
