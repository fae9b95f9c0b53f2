import Imaging
import Testing

@Suite("Views of a picture")
struct ViewTests {
    private func ramp(_ width: Int, _ height: Int) throws -> Image {
        try Image(
            width: width, height: height, channels: 3,
            pixels: (0..<height).flatMap { y in (0..<width).flatMap { x in [UInt8(x * 4), UInt8(y * 4), 200] } })
    }

    private func show(
        _ image: Image, _ view: FractionalRect, _ width: Int, _ height: Int, mirrored: Bool = false, filter: ResamplingFilter = .triangle
    ) throws -> (image: Image, part: PixelRect?) {
        var pixels = [UInt8](repeating: 1, count: width * height * image.channels)
        let part = try pixels.withUnsafeMutableBufferPointer {
            try image.show(
                view, width: width, height: height, mirrored: mirrored, filter: filter,
                fill: [UInt8](repeating: 9, count: image.channels), into: $0)
        }
        return (try Image(width: width, height: height, channels: image.channels, pixels: pixels), part)
    }

    @Test("A view inside is the part of the picture that resizing gives")
    func inside() throws {
        let image = try ramp(40, 30), view = FractionalRect(x: 3.5, y: 2.25, width: 31, height: 20)
        for mirrored in [false, true] {
            let found = try show(image, view, 17, 13, mirrored: mirrored)
            #expect(found.image == (try image.resized(from: view, width: 17, height: 13, mirrored: mirrored)))
            #expect(found.part == PixelRect(x: 0, y: 0, width: 17, height: 13))
        }
    }

    @Test("A view of whole pixels that reaches beyond equals a picture with borders", arguments: ResamplingFilter.allCases)
    func beyond(filter: ResamplingFilter) throws {
        let image = try ramp(20, 10)
        let bordered = try image.padded(left: 7, top: 3, right: 5, bottom: 8, with: [9])
        let found = try show(image, FractionalRect(x: -7, y: -3, width: 32, height: 21), 32, 21, filter: filter)
        #expect(found.image == bordered)
        #expect(found.part == PixelRect(x: 7, y: 3, width: 20, height: 10))
        let mirrored = try show(image, FractionalRect(x: -7, y: -3, width: 32, height: 21), 32, 21, mirrored: true, filter: filter)
        #expect(mirrored.image == bordered.flippedHorizontally() && mirrored.part == PixelRect(x: 5, y: 3, width: 20, height: 10))
    }

    @Test("A view that shows nothing is filled, and one that can't be is refused")
    func nothing() throws {
        let image = try ramp(20, 10)
        let found = try show(image, FractionalRect(x: 30, y: 0, width: 5, height: 5), 6, 6)
        #expect(found.part == nil && found.image.pixels.allSatisfy { $0 == 9 })
        for view in [
            FractionalRect(x: 0, y: 0, width: 0, height: 5), FractionalRect(x: .nan, y: 0, width: 5, height: 5),
            FractionalRect(x: 0, y: 0, width: .infinity, height: 5),
        ] {
            #expect(throws: ImagingError.self) { try show(image, view, 6, 6) }
        }
    }

    @Test("Every filter keeps a plain colour, at any scale", arguments: ResamplingFilter.allCases)
    func plain(filter: ResamplingFilter) throws {
        let image = try Image(width: 23, height: 17, filledWith: [3, 250, 128])
        for side in [1, 2, 7, 16, 23, 50, 131] {
            let found = try show(image, FractionalRect(x: 0.3, y: 0.9, width: 21, height: 14.5), side, side, filter: filter)
            #expect(found.image == (try Image(width: side, height: side, filledWith: [3, 250, 128])))
        }
    }

    @Test("Smooth filters keep a ramp, within a level; halving by box takes the mean of four; nearest takes what is there")
    func filters() throws {
        let image = try ramp(60, 40)
        for filter in [ResamplingFilter.triangle, .cubic, .lanczos] {
            let found = try show(image, FractionalRect(x: 0, y: 0, width: 60, height: 40), 120, 80, filter: filter).image
            for x in 8..<112 { #expect(abs(Double(found.pixels[3 * (120 * 40 + x)]) - (Double(x) / 2 - 0.25) * 4) <= 1.5) }
        }
        let half = try show(image, FractionalRect(x: 0, y: 0, width: 60, height: 40), 30, 20, filter: .box).image
        for x in 0..<30 { #expect(half.pixels[3 * (30 * 7 + x)] == UInt8(8 * x + 2)) }
        let near = try show(image, FractionalRect(x: 0, y: 0, width: 60, height: 40), 20, 20, filter: .nearest).image
        for x in 0..<20 { #expect(near.pixels[3 * (20 * 7 + x)] == UInt8(4 * (3 * x + 1))) }
    }

    /// A pixel's new colour by the definition of HSV (Smith 1978), in double precision.
    private func distorted(_ rgb: [Double], _ d: ColourDistortion) -> [Double] {
        func clamp(_ v: Double) -> Double { min(max(v, 0), 255) }
        let c = rgb.map { clamp(clamp($0 + d.brightness) * d.contrast) }
        let high = max(c[0], c[1], c[2]), range = high - min(c[0], c[1], c[2])
        var hue = 0.0
        if range > 0 {
            hue = high == c[0] ? (c[1] - c[2]) / range : high == c[1] ? 2 + (c[2] - c[0]) / range : 4 + (c[0] - c[1]) / range
        }
        hue = (hue + d.hue / 60 + 12).truncatingRemainder(dividingBy: 6)
        let saturation = high > 0 ? min(1, range / high * d.saturation) : 0
        let part = hue - hue.rounded(.down)
        let (p, q, t) = (high * (1 - saturation), high * (1 - saturation * part), high * (1 - saturation * (1 - part)))
        let sectors = [[high, t, p], [q, high, p], [p, high, t], [p, q, high], [t, p, high], [high, p, q]]
        return sectors[min(Int(hue), 5)].map { clamp($0 * d.lastContrast) }
    }

    @Test("Brightness, contrast, saturation and hue are those of HSV's definition, within one level")
    func colours() throws {
        var distortions: [ColourDistortion] = []
        for (brightness, contrast, saturation, hue, last) in [
            (0.0, 1.0, 1.0, 18.0, 1.0), (32, 1.5, 0.5, -18, 1), (-32, 1, 1.5, 7, 0.5), (0, 1, 0, 0, 1), (10, 0.5, 1, 120, 1.5),
            (0, 1, 1, -120, 1),
        ] {
            var d = ColourDistortion()
            (d.brightness, d.contrast, d.saturation, d.hue, d.lastContrast) = (brightness, contrast, saturation, hue, last)
            distortions.append(d)
        }
        let levels: [UInt8] = [0, 1, 30, 77, 128, 200, 254, 255]
        let colours = levels.flatMap { r in levels.flatMap { g in levels.map { b in [r, g, b] } } }
        for d in distortions {
            var pixels = colours.flatMap { $0 }
            try pixels.withUnsafeMutableBufferPointer {
                try d.apply(to: $0, width: colours.count, part: PixelRect(x: 0, y: 0, width: colours.count, height: 1))
            }
            for (index, colour) in colours.enumerated() {
                let expected = distorted(colour.map(Double.init), d)
                for c in 0..<3 { #expect(abs(Double(pixels[3 * index + c]) - expected[c]) <= 1, "\(colour) \(d)") }
            }
        }
    }

    @Test("Only the part is changed")
    func part() throws {
        var d = ColourDistortion()
        d.brightness = 20
        var pixels = [UInt8](repeating: 100, count: 6 * 5 * 3)
        try pixels.withUnsafeMutableBufferPointer { try d.apply(to: $0, width: 6, part: PixelRect(x: 1, y: 2, width: 3, height: 2)) }
        for (index, value) in pixels.enumerated() {
            let (x, y) = (index / 3 % 6, index / 18)
            #expect(value == ((1..<4).contains(x) && (2..<4).contains(y) ? 120 : 100))
        }
        #expect(throws: ImagingError.self) {
            try pixels.withUnsafeMutableBufferPointer { try d.apply(to: $0, width: 6, part: PixelRect(x: 4, y: 0, width: 3, height: 2)) }
        }
    }
}
