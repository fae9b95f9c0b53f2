import Imaging

/// Pictures for a page, each with a name and a sentence: what a model got wrong, or what a data set's labels say.
///
/// A picture that can't be read any more is passed over: the figures are what counts.
public struct PictureGallery: Sendable {
    /// A picture for a page, no larger than it is shown.
    struct Picture: Sendable {
        /// A JPEG, or a PNG where the picture is small.
        let bytes: [UInt8]
        let width: Int
        let height: Int
        let caption: String
    }

    /// One image of the data.
    struct Item: Sendable {
        let name: String
        let text: String
        let pictures: [Picture]
    }

    /// Images, in the order in which they are shown.
    let items: [Item]
    /// How they were chosen.
    let note: String
    /// Classes whose colours are to be told.
    var colours: [(classID: Int, name: String)] = []

    /// The longest side of a picture that is shown alone, and of those that are shown side by side.
    static let (longestSide, sideBySide) = (240, 320)
    /// Up to this side pictures are kept as PNG and shown enlarged.
    static let smallSide = 64
    /// The least width of a card, without its edges.
    private static let narrowestCard = 160
    /// How many images a page shows; those of pixels are looked at again.
    static let (limit, limitOfMasks) = (24, 8)

    static func items<Images: Sequence>(_ images: Images, _ item: (Images.Element) throws -> Item) -> [Item] {
        images.compactMap { try? item($0) }
    }

    static func fitted(_ image: Image, longest: Int) throws -> Image {
        let side = max(image.width, image.height)
        guard side > longest else { return image }
        return try image.resized(width: max(1, image.width * longest / side), height: max(1, image.height * longest / side))
    }

    static func picture(_ image: Image, longest: Int, _ caption: String) throws -> Picture {
        let image = try fitted(image, longest: longest)
        let isSmall = max(image.width, image.height) <= smallSide
        return Picture(
            bytes: try isSmall ? image.encodedPNG() : image.encodedJPEG(quality: 85), width: image.width, height: image.height,
            caption: caption)
    }
}

extension PictureGallery {
    /// The pictures for a page.
    var html: String {
        // A single picture is as wide as its card, whatever is said of it.
        func width(of item: Item) -> String {
            guard item.pictures.count == 1, let shown = item.pictures.first else { return "" }
            return " style=\"width: \(max(Self.narrowestCard, shown.width) + 24)px\""
        }
        let legend = colours.map { entry in
            let colour = Palette.distinct(entry.classID)
            return "<li><b style=\"background: rgb(\(colour.red), \(colour.green), \(colour.blue))\"></b>\(HTML.escaped(entry.name))</li>"
        }.joined()
        let cards = items.map { item in
            "<article class=\"mistake\"\(width(of: item))><h3>\(HTML.escaped(Listing.shortened(item.name)))</h3>"
                + "<p>\(HTML.escaped(item.text))</p><div class=\"pictures\">\(item.pictures.map(HTML.picture).joined())</div></article>\n"
        }.joined()
        return "<p class=\"note\">\(HTML.escaped(note))</p>\n" + (legend.isEmpty ? "" : "<ul class=\"legend\">\(legend)</ul>\n")
            + "<div class=\"gallery\">\n\(cards)</div>\n"
    }
}
