import Datasets
import Imaging
import Tasks

extension PictureGallery {
    /// Records whose annotations are looked at for a choice in which every class has its turn.
    private static let candidates = 400

    /// Pictures of a data set with what their annotations say, drawn by chance, the same ones each time; of classes and boxes so that rare classes
    /// have their turn.
    init(labels: LabelDrawing) {
        let (images, classes) = (labels.images, labels.classes)
        items = Self.items(Self.chosen(from: images)) { try labels.item($0) }
        note = "Drawn by chance, with what the annotations say" + (images.task == .segmentation ? "." : "; rare classes have their turn.")
        colours = images.task == .segmentation ? classes.enumerated().map { ($0.offset, $0.element) } : []
    }

    /// The records of faults, `limit` at the most; those that have no picture, or none that can be decoded, as text. `data`: by channel.
    init(_ faults: [DataFault], in data: [String: LabelDrawing], limit: Int) {
        let shown = faults.prefix(limit)
        items = shown.map { fault in
            let said = fault.remedy.isEmpty ? fault.problem : "\(fault.problem); \(fault.remedy)"
            let shown = fault.record.flatMap { try? data[fault.channel]?.item($0) }
            return Item(name: fault.place, text: said, pictures: shown?.pictures ?? [])
        }
        note = faults.count > shown.count ? "The first \(shown.count)." : ""
    }

    /// The numbers of records, those first that show classes which the ones before have not.
    private static func chosen(from images: any AnnotatedImages) -> [Int] {
        let order = EpochOrder(count: images.count, seed: 0, epoch: 0, shuffle: true).prefix(candidates)
        guard images.task != .segmentation else { return Array(order.prefix(limitOfMasks)) }
        var left = order.map { (number: $0, classes: classes(ofRecord: $0, in: images)) }
        var shown: [Int: Int] = [:]
        var numbers: [Int] = []
        while numbers.count < limit, !left.isEmpty {
            let counts = left.map { $0.classes.map { shown[$0, default: 0] }.min() ?? Int.max }
            let best = counts.indices.min { counts[$0] < counts[$1] } ?? 0
            let next = left.remove(at: best)
            numbers.append(next.number)
            for classID in next.classes { shown[classID, default: 0] += 1 }
        }
        return numbers
    }

    private static func classes(ofRecord number: Int, in images: any AnnotatedImages) -> Set<Int> {
        switch try? images.annotation(at: number) {
        case .label(let label): Set(label.classIDs)
        case .boxes(let boxes): Set(boxes.map(\.classID))
        case .mask, nil: []
        }
    }
}

/// Draws the annotations of a data set into its pictures. `classes`: names by class number.
struct LabelDrawing {
    let images: any AnnotatedImages
    let classes: [String]
    private let boxes: DetectionDrawing
    private let masks: SegmentationDrawing

    init(images: any AnnotatedImages, classes: [String]) {
        (self.images, self.classes) = (images, classes)
        (boxes, masks) = (DetectionDrawing(classes: classes), SegmentationDrawing(classes: classes, font: nil))
    }

    func item(_ number: Int) throws -> PictureGallery.Item {
        let record = try images.record(at: number)
        let (text, pictures) = try shown(record)
        return PictureGallery.Item(name: record.pictureLocation, text: text, pictures: pictures)
    }

    private func shown(_ record: AnnotatedImage) throws -> (String, [PictureGallery.Picture]) {
        let (alone, beside) = (PictureGallery.longestSide, PictureGallery.sideBySide)
        switch record.annotation {
        case .label(let label):
            let image = try record.payload.decoded(coveringSide: alone)
            let said = label.classIDs.isEmpty ? "no class" : label.classIDs.map(classes.name(of:)).joined(separator: ", ")
            return ("", [try PictureGallery.picture(image, longest: alone, said)])
        case .boxes(let found):
            let own = DetectionRecord(id: record.name, payload: record.payload, boxes: found, statedSize: record.statedSize)
            let image = try PictureGallery.fitted(record.payload.decoded(coveringSide: beside), longest: beside)
            let drawn = boxes.drawn(own.boxes(in: try record.pictureShape()), on: image)
            return (Figures.count(found.count, "object"), [try PictureGallery.picture(drawn, longest: beside, "labelled")])
        case .mask:
            let truth = try record.decodedMask(labelMap: images.labelMap)
            let image = try record.payload.decoded()
            let seen = truth.histogram.enumerated().filter { $0.element > 0 && $0.offset != 255 }.map(\.offset)
            return (
                seen.isEmpty
                    ? "no pixel is labelled" : seen.map { SegmentationDrawing.name(of: $0, among: classes) }.joined(separator: ", "),
                [
                    try PictureGallery.picture(image, longest: beside, "image"),
                    try PictureGallery.picture(masks.drawn(truth, on: image), longest: beside, "labelled"),
                ]
            )
        }
    }
}
