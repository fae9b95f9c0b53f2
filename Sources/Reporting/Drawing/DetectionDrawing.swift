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
        var canvas = Canvas(image)
        let side = min(image.width, image.height)
        let thickness = max(1, (side + 120) / 240)
        let size = max(9, min(28, side / 36))
        for detection in detections.sorted(by: { $0.score < $1.score }) {
            let colour = Palette.distinct(detection.classID)
            let left = pixel(detection.left, image.width), top = pixel(detection.top, image.height)
            let rect = PixelRect(
                x: left, y: top, width: max(1, pixel(detection.right, image.width) - left),
                height: max(1, pixel(detection.bottom, image.height) - top))
            canvas.outline(rect, colour, thickness: thickness)
            guard let font else { continue }
            let name = classes.indices.contains(detection.classID) ? classes[detection.classID] : String(detection.classID)
            canvas.caption("\(name) \(Figures.decimal(Double(detection.score), 2))", x: left, bottom: top, colour, font: font, size: size)
        }
        return canvas.image
    }

    private func pixel(_ fraction: Float, _ side: Int) -> Int {
        guard fraction.isFinite else { return 0 }
        return Int((min(max(fraction, -1), 2) * Float(side)).rounded())
    }
}
