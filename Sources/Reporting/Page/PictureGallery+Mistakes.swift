import Datasets
import Imaging
import Tasks

/// The pictures that a model got most wrong, each beside what is wrong.
extension PictureGallery {
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
}

extension ReportPage {
    /// Adds the pictures of a gallery, if there are any.
    public mutating func add(_ gallery: PictureGallery) {
        if !gallery.items.isEmpty { add("The worst mistakes", gallery.html) }
    }
}
