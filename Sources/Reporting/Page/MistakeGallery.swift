import Datasets
import Imaging
import Tasks

/// The pictures that a model got most wrong, each beside what is wrong.
///
/// A picture that can't be read any more is passed over: the figures are what counts.
public struct MistakeGallery: Sendable {
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

    /// Images, the worst first.
    let items: [Item]
    /// How they were chosen.
    let note: String
    /// Classes whose colours are to be told.
    var colours: [(classID: Int, name: String)] = []

    /// The longest side of a picture that is shown alone, and of those that are shown side by side.
    private static let (longestSide, sideBySide) = (240, 320)
    /// Up to this side pictures are kept as PNG and shown enlarged.
    static let smallSide = 64
    /// How many images a page shows; those of pixels are looked at again.
    private static let (limit, limitOfMasks) = (24, 8)

    /// Images of a wrong class, those first of which the model was surest. `isPart`: whether other processes have looked at other images.
    public init(_ mistakes: [ClassificationMistake], of dataset: ClassificationDataset, isPart: Bool = false) {
        func names(_ guesses: [ClassificationMistake.Guess]) -> String {
            guesses.isEmpty ? "nothing" : guesses.map { dataset.classNames[$0.classID] }.joined(separator: ", ")
        }
        func shares(_ guesses: [ClassificationMistake.Guess]) -> String {
            guesses.isEmpty
                ? "nothing"
                : guesses.map { "\(dataset.classNames[$0.classID]) \(Figures.percent(Double($0.probability)))" }.joined(separator: ", ")
        }
        items = Self.items(mistakes.ranked().prefix(Self.limit)) { mistake in
            let record = try dataset.record(at: mistake.number)
            let picture = try Self.picture(
                try record.payload.decoded(coveringSide: Self.longestSide), longest: Self.longestSide, "labelled \(names(mistake.truth))")
            return Item(
                name: record.id, text: "taken for \(shares(mistake.predicted))".replacing(" %", with: "\u{A0}%"), pictures: [picture])
        }
        note = "Those first of which the model was surest." + Self.part(isPart)
    }

    /// Pictures with the most errors: what is there beside what was found.
    public init(_ scores: [DetectionImageScore], of dataset: DetectionDataset, isPart: Bool = false) {
        let drawing = DetectionDrawing(classes: dataset.classNames)
        items = Self.items(scores.ranked().prefix(Self.limit)) { score in
            let record = try dataset.record(at: score.number)
            let image = try Self.fitted(record.payload.decoded(coveringSide: Self.sideBySide), longest: Self.sideBySide)
            return Item(
                name: record.id, text: score.errors.sentence,
                pictures: [
                    try Self.picture(drawing.drawn(score.truth, on: image), longest: Self.sideBySide, "labelled"),
                    try Self.picture(drawing.drawn(score.found, on: image), longest: Self.sideBySide, "found"),
                ])
        }
        note =
            "Those with most errors first; what was found with a score of \(Figures.rate(Double(DetectionErrors.scoreThreshold))) or more."
            + Self.part(isPart)
    }

    /// Images with the fewest right pixels: themselves, their masks and what was predicted. `predict`: looks at an image once more.
    public init(
        _ scores: [SegmentationImageScore], of dataset: SegmentationDataset, isPart: Bool = false,
        predict: (ImagePayload, String) throws -> (mask: Mask, image: Image)
    ) {
        let drawing = SegmentationDrawing(classes: dataset.classNames, font: nil)
        var seen = Set<Int>()
        items = Self.items(scores.ranked().prefix(Self.limitOfMasks)) { score in
            let record = try dataset.record(at: score.number)
            let found = try predict(record.payload, record.id)
            let truth = try record.decodedMask()
            for mask in [found.mask, truth] {
                seen.formUnion(mask.histogram.enumerated().filter { $0.element > 0 && $0.offset != 255 }.map(\.offset))
            }
            let accuracy = score.pixelAccuracy.map { "\(Figures.percent($0)) of the labelled pixels are right; " } ?? ""
            return Item(
                name: record.id, text: "\(accuracy)mean IoU \(Figures.decimal(score.meanIoU))",
                pictures: [
                    try Self.picture(found.image, longest: Self.sideBySide, "image"),
                    try Self.picture(drawing.drawn(truth, on: found.image), longest: Self.sideBySide, "labelled"),
                    try Self.picture(drawing.drawn(found.mask, on: found.image), longest: Self.sideBySide, "predicted"),
                ])
        }
        note = "Those with the fewest right pixels first." + Self.part(isPart)
        colours = seen.sorted().map { ($0, SegmentationDrawing.name(of: $0, among: dataset.classNames)) }
    }

    private static func part(_ isPart: Bool) -> String { isPart ? " Of several processes, the images of the first one." : "" }

    private static func items<Mistakes: Sequence>(_ mistakes: Mistakes, _ item: (Mistakes.Element) throws -> Item) -> [Item] {
        mistakes.compactMap { try? item($0) }
    }

    private static func fitted(_ image: Image, longest: Int) throws -> Image {
        let side = max(image.width, image.height)
        guard side > longest else { return image }
        return try image.resized(width: max(1, image.width * longest / side), height: max(1, image.height * longest / side))
    }

    private static func picture(_ image: Image, longest: Int, _ caption: String) throws -> Picture {
        let image = try fitted(image, longest: longest)
        let isSmall = max(image.width, image.height) <= smallSide
        return Picture(
            bytes: try isSmall ? image.encodedPNG() : image.encodedJPEG(quality: 85), width: image.width, height: image.height,
            caption: caption)
    }
}

extension MistakeGallery {
    /// The pictures for a page.
    var html: String {
        let legend = colours.map { entry in
            let colour = Palette.distinct(entry.classID)
            return "<li><b style=\"background: rgb(\(colour.red), \(colour.green), \(colour.blue))\"></b>\(HTML.escaped(entry.name))</li>"
        }.joined()
        let cards = items.map { item in
            "<article class=\"mistake\(item.pictures.count == 1 ? " single" : "")\"><h3>\(HTML.escaped(Listing.shortened(item.name)))</h3>"
                + "<p>\(HTML.escaped(item.text))</p><div class=\"pictures\">\(item.pictures.map(HTML.picture).joined())</div></article>\n"
        }.joined()
        return "<p class=\"note\">\(HTML.escaped(note))</p>\n" + (legend.isEmpty ? "" : "<ul class=\"legend\">\(legend)</ul>\n")
            + "<div class=\"gallery\">\n\(cards)</div>\n"
    }
}

extension ReportPage {
    /// Adds the pictures of a gallery, if there are any.
    public mutating func add(_ gallery: MistakeGallery) {
        if !gallery.items.isEmpty { add("The worst mistakes", gallery.html) }
    }
}
