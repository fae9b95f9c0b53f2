import Datasets
import Imaging
import Tasks

/// Draws what a detector found into a picture: a box in the class's colour, its name and score on a plate above.
public struct DetectionDrawing {
    private let classes: [String]
    private let font: Font?

    /// `classes`: names by class number. `font`: for the names; nil: boxes only.
    public init(classes: [String], font: Font? = Font.system()) {
        self.classes = classes
        self.font = font
    }

    /// Whether names are written, too.
    public var writesNames: Bool { font != nil }

    /// The picture with everything that was found, the surest drawn last and so on top.
    public func drawn(_ detections: [Detection], on image: Image) -> Image {
        drawn(
            detections.sorted { $0.score < $1.score }.map { found in
                (
                    edges: (Double(found.left), Double(found.top), Double(found.right), Double(found.bottom)), classID: found.classID,
                    caption: "\(name(found.classID)) \(Figures.decimal(Double(found.score), 2))"
                )
            }, image)
    }

    /// The picture with everything that is there, the largest drawn first.
    public func drawn(_ truth: [BoundingBox], on image: Image) -> Image {
        drawn(
            truth.sorted { $0.width * $0.height > $1.width * $1.height }.map { object in
                (edges: (object.left, object.top, object.right, object.bottom), classID: object.classID, caption: name(object.classID))
            }, image)
    }

    private func name(_ classID: Int) -> String { classes.name(of: classID) }

    private func drawn(
        _ boxes: [(edges: (left: Double, top: Double, right: Double, bottom: Double), classID: Int, caption: String)], _ image: Image
    ) -> Image {
        var canvas = Canvas(image)
        let side = min(image.width, image.height)
        let thickness = max(1, (side + 120) / 240)
        let size = max(9, min(28, side / 36))
        for (edges, classID, caption) in boxes {
            let colour = Palette.distinct(classID)
            let left = pixel(edges.left, image.width), top = pixel(edges.top, image.height)
            let rect = PixelRect(
                x: left, y: top, width: max(1, pixel(edges.right, image.width) - left),
                height: max(1, pixel(edges.bottom, image.height) - top))
            canvas.outline(rect, colour, thickness: thickness)
            if let font { canvas.caption(caption, x: left, bottom: top, colour, font: font, size: size) }
        }
        return canvas.image
    }

    private func pixel(_ fraction: Double, _ side: Int) -> Int {
        guard fraction.isFinite else { return 0 }
        return Int((min(max(fraction, -1), 2) * Double(side)).rounded())
    }
}
