import Datasets
import Imaging

/// Lays the classes of pixels over a picture: each region in its class's colour, half seen through, its edge in full, and below the picture
/// the names of the classes that it shows.
public struct SegmentationDrawing {
    private let classes: [String]
    private let font: Font?

    /// `classes`: names by class number. `font`: for the names; nil: colours only.
    public init(classes: [String], font: Font? = Font.system()) {
        self.classes = classes
        self.font = font
    }

    /// Whether names are written, too.
    public var writesNames: Bool { font != nil }

    /// The picture with its classes.
    /// - Throws: `ImagingError` for a mask of another size.
    public func drawn(_ mask: Mask, on image: Image) throws -> Image {
        guard mask.size == PixelSize(width: image.width, height: image.height) else {
            throw ImagingError(
                .invalidArgument,
                "A mask of \(mask.size.width)×\(mask.size.height) pixels does not fit a picture of \(image.width)×\(image.height).")
        }
        let coloured = try Image(width: image.width, height: image.height, channels: 3, pixels: blended(mask, image.rgb()))
        guard let font else { return coloured }
        return try captioned(coloured, mask.histogram, font)
    }

    /// A class's name; `class 3` where it has none, for a number beside a figure is hard to read.
    public static func name(of classID: Int, among classes: [String]) -> String {
        let name = classes.name(of: classID)
        return name == String(classID) ? "class \(name)" : name
    }

    private func blended(_ mask: Mask, _ image: Image) -> [UInt8] {
        var pixels = image.pixels
        let (width, height) = (image.width, image.height)
        let colours = (0..<256).map { Palette.distinct($0) }
        pixels.withUnsafeMutableBufferPointer { pixels in
            mask.classIDs.withUnsafeBufferPointer { ids in
                for y in 0..<height {
                    for x in 0..<width {
                        let place = y * width + x
                        let own = ids[place]
                        guard own != 255 else { continue }
                        let isEdge = x + 1 < width && ids[place + 1] != own || y + 1 < height && ids[place + width] != own
                        let colour = colours[Int(own)]
                        func mix(_ channel: Int, _ value: UInt8) {
                            let under = pixels[3 * place + channel]
                            pixels[3 * place + channel] = isEdge ? value : UInt8((Int(under) + Int(value) + 1) / 2)
                        }
                        mix(0, colour.red)
                        mix(1, colour.green)
                        mix(2, colour.blue)
                    }
                }
            }
        }
        return pixels
    }

    /// The picture above lines of plates, one for each class that it shows, the largest first.
    private func captioned(_ image: Image, _ counts: [Int], _ font: Font) throws -> Image {
        let size = max(11, min(28, min(image.width, image.height) / 24))
        let total = max(1, counts[..<255].reduce(0, +))
        let shown = (0..<255).filter { counts[$0] * 1000 >= total }.sorted { (-counts[$0], $0) < (-counts[$1], $1) }
        let texts = shown.map { classID in
            (
                classID: classID,
                text: "\(Self.name(of: classID, among: classes)) \(Figures.percent(Double(counts[classID]) / Double(total)))"
            )
        }
        guard let first = texts.first else { return image }
        let (gap, height) = (size / 3, font.plateSize(of: first.text, size: size).height)
        var places: [(x: Int, row: Int)] = []
        var (x, row) = (gap, 0)
        for text in texts {
            let width = font.plateSize(of: text.text, size: size).width
            if x + width + gap > image.width, x > gap { (x, row) = (gap, row + 1) }
            places.append((x, row))
            x += width + gap
        }
        var canvas = Canvas(
            try image.padded(left: 0, top: 0, right: 0, bottom: gap + (row + 1) * (height + gap), with: [255, 255, 255]))
        for (text, place) in zip(texts, places) {
            canvas.caption(
                text.text, x: place.x, bottom: image.height + gap + place.row * (height + gap) + height, Palette.distinct(text.classID),
                font: font, size: size)
        }
        return canvas.image
    }
}
