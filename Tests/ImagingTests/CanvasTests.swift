import Imaging
import Testing

@Suite("Drawing")
struct CanvasTests {
    private let red = Palette.Colour(red: 200, green: 0, blue: 0)

    private func pixel(_ image: Image, _ x: Int, _ y: Int) -> [UInt8] {
        Array(image.pixels[(y * image.width + x) * 3..<(y * image.width + x) * 3 + 3])
    }

    @Test("An outline covers its edge pixels and no others, and is cut off at the picture's edges")
    func outline() throws {
        var canvas = Canvas(try Image(width: 8, height: 6, filledWith: [10]))
        canvas.outline(PixelRect(x: 1, y: 1, width: 5, height: 4), red, thickness: 1)
        canvas.outline(PixelRect(x: -3, y: -3, width: 100, height: 100), red, thickness: 1)
        let image = canvas.image
        for y in 0..<6 {
            for x in 0..<8 {
                let isEdge = (1...5).contains(x) && (1...4).contains(y) && (x == 1 || x == 5 || y == 1 || y == 4)
                #expect(pixel(image, x, y) == (isEdge ? [200, 0, 0] : [10, 10, 10]), "\(x), \(y)")
            }
        }
    }

    @Test("A fill mixes by its opacity; rectangles outside, empty or turned inside out draw nothing")
    func fill() throws {
        let start = try Image(width: 4, height: 4, filledWith: [100, 100, 100])
        var canvas = Canvas(start)
        for rect in [(9, 0, 2, 2), (0, 9, 2, 2), (1, 1, 0, 3), (3, 3, -2, -2)] {
            canvas.fill(PixelRect(x: rect.0, y: rect.1, width: rect.2, height: rect.3), red)
        }
        #expect(canvas.image == start)
        canvas.fill(PixelRect(x: 0, y: 0, width: 1, height: 1), red, opacity: 0.5)
        #expect(pixel(canvas.image, 0, 0) == [150, 50, 50])
        #expect(pixel(canvas.image, 1, 0) == [100, 100, 100])
    }

    @Test(
        "A caption lies on a plate of its colour, within the picture, in an ink that can be read",
        .enabled(if: Font.system() != nil, "needs a font"))
    func caption() throws {
        let font = try #require(Font.system())
        for (colour, ink) in [(red, UInt8(255)), (Palette.Colour(red: 255, green: 255, blue: 0), 0)] {
            var canvas = Canvas(try Image(width: 120, height: 60, filledWith: [90, 90, 90]))
            canvas.caption("dög 0.93", x: 110, bottom: 40, colour, font: font, size: 14)
            let image = canvas.image
            let plate = (0..<60).filter { y in (0..<120).contains { pixel(image, $0, y) == [colour.red, colour.green, colour.blue] } }
            #expect(plate.max() == 39 && plate.count >= 10)
            #expect((0..<60).contains { y in (0..<120).contains { pixel(image, $0, y) == [ink, ink, ink] } })
            #expect((40..<60).allSatisfy { y in (0..<120).allSatisfy { pixel(image, $0, y) == [90, 90, 90] } })
        }
    }

    @Test("A file that is no font is refused by name")
    func noFont() {
        #expect { try Font("/etc/hostname") } throws: { "\($0)".contains("/etc/hostname is no font") }
    }
}
