/// A colour picture that is drawn on. Everything is cut off at its edges.
public struct Canvas: Sendable {
    /// Columns.
    public let width: Int
    /// Rows.
    public let height: Int
    private var pixels: [UInt8]

    /// Begins with a picture; a grey one becomes one of colours.
    public init(_ image: Image) {
        (width, height) = (image.width, image.height)
        pixels = image.channels == 3 ? image.pixels : image.pixels.flatMap { [$0, $0, $0] }
    }

    /// The picture so far.
    public var image: Image { Image(checkedWidth: width, height: height, channels: 3, pixels: pixels) }

    /// Fills a rectangle.
    ///
    /// `opacity`: 0 changes nothing, 1 leaves nothing of what was there.
    public mutating func fill(_ rect: PixelRect, _ colour: Palette.Colour, opacity: Double = 1) {
        let columns = max(0, rect.x)..<max(0, rect.x, min(width, rect.x + rect.width))
        for row in max(0, rect.y)..<max(0, rect.y, min(height, rect.y + rect.height)) {
            for column in columns { blend(column, row, colour, Int((opacity * 255).rounded())) }
        }
    }

    /// Draws the edges of a rectangle, `thickness` pixels wide, inwards.
    public mutating func outline(_ rect: PixelRect, _ colour: Palette.Colour, thickness: Int) {
        let side = max(1, min(thickness, (min(rect.width, rect.height) + 1) / 2))
        let inner = rect.height - 2 * side
        fill(PixelRect(x: rect.x, y: rect.y, width: rect.width, height: side), colour)
        fill(PixelRect(x: rect.x, y: rect.y + rect.height - side, width: rect.width, height: side), colour)
        fill(PixelRect(x: rect.x, y: rect.y + side, width: side, height: inner), colour)
        fill(PixelRect(x: rect.x + rect.width - side, y: rect.y + side, width: side, height: inner), colour)
    }

    /// Writes a caption on a plate of a colour, in black or white, whichever is read better there.
    ///
    /// - Parameters:
    ///   - text: one line.
    ///   - x: the plate's left edge, moved to the left where it would leave the picture.
    ///   - bottom: the row below the plate; where there is no room above it, the plate hangs from it.
    ///   - colour: the plate's.
    ///   - font: the letters.
    ///   - size: pixels from line to line.
    public mutating func caption(_ text: String, x: Int, bottom: Int, _ colour: Palette.Colour, font: Font, size: Int) {
        let line = font.line(text, size: size)
        guard line.width > 0 else { return }
        let margin = Font.margin(size: size)
        let plate = PixelRect(
            x: max(0, min(x, width - line.width - 2 * margin)), y: bottom >= line.height ? bottom - line.height : bottom,
            width: line.width + 2 * margin, height: line.height)
        fill(plate, colour)
        // ITU-R BT.601: how bright a colour looks.
        let brightness = 299 * Int(colour.red) + 587 * Int(colour.green) + 114 * Int(colour.blue)
        let ink: UInt8 = brightness > 140_000 ? 0 : 255
        for row in 0..<line.height {
            for column in 0..<line.width {
                let coverage = Int(line.coverage[row * line.width + column])
                guard coverage > 0 else { continue }
                blend(plate.x + margin + column, plate.y + row, Palette.Colour(red: ink, green: ink, blue: ink), coverage)
            }
        }
    }

    private mutating func blend(_ column: Int, _ row: Int, _ colour: Palette.Colour, _ weight: Int) {
        guard column >= 0, column < width, row >= 0, row < height else { return }
        let place = (row * width + column) * 3
        for (channel, value) in [colour.red, colour.green, colour.blue].enumerated() {
            let mixed = Int(pixels[place + channel]) * (255 - weight) + Int(value) * weight
            pixels[place + channel] = UInt8((mixed + 127) / 255)
        }
    }
}

extension Palette {
    /// A colour for a class's box or caption: twenty that are told apart easily on photographs, then again from the first.
    public static func distinct(_ classID: Int) -> Colour { distinct.colours[((classID % twenty.count) + twenty.count) % twenty.count] }

    /// These colours for the classes of a mask; 255 (not labelled) is a light cream, as Pascal VOC's.
    public static let distinct = Palette(
        unchecked: (0..<255).map { index in
            let value = twenty[index % twenty.count]
            return Colour(red: UInt8(value >> 16), green: UInt8(value >> 8 & 0xFF), blue: UInt8(value & 0xFF))
        } + pascalVOC.colours.suffix(1))

    private static let twenty: [UInt32] = [
        0xE6194B, 0x3CB44B, 0xFFE119, 0x4363D8, 0xF58231, 0x42D4F4, 0xF032E6, 0xBFEF45, 0x911EB4, 0x469990, 0xFABED4, 0x9A6324,
        0xDCBEFF, 0xFFFAC8, 0x800000, 0xAAFFC3, 0x808000, 0xFFD8B1, 0x000075, 0xA9A9A9,
    ]
}
