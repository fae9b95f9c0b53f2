import Datasets
import Imaging
import Reporting
import Storage
import Tasks

/// Writes what a detector found as text or as JSON lines (`spec/inference.md`).
struct DetectionPrinter {
    let classes: [String]
    let asJSON: Bool

    func print(_ detections: [Detection], size: PixelSize, of image: String, drawn: String?) {
        TextOutput.standardOutput.write(asJSON ? json(detections, size, image, drawn).line + "\n" : text(detections, size, image))
    }

    private func json(_ detections: [Detection], _ size: PixelSize, _ image: String, _ drawn: String?) -> JSONValue {
        .members([
            "image": .string(image),
            "prediction": .array(
                detections.map { found in
                    .array([
                        .float(Float(found.classID)), .float(found.score), .float(found.left), .float(found.top), .float(found.right),
                        .float(found.bottom),
                    ])
                }),
            "labels": .array(classes.map { .string($0) }),
            "image_size": .members(["width": .integer(size.width), "height": .integer(size.height)]),
            "drawn": drawn.map { .string($0) },
        ])
    }

    private func text(_ detections: [Detection], _ size: PixelSize, _ image: String) -> String {
        var text =
            "\(image)  \(detections.isEmpty ? "nothing" : Listing.count(detections.count) + (detections.count == 1 ? " object" : " objects"))\n"
        for found in detections {
            func pixels(_ low: Float, _ high: Float, _ side: Int) -> (Int, Int) {
                let first = Int((low * Float(side)).rounded())
                return (first, Int((high * Float(side)).rounded()) - first)
            }
            let (left, width) = pixels(found.left, found.right, size.width)
            let (top, height) = pixels(found.top, found.bottom, size.height)
            text += "  \(classes[found.classID]) \(Listing.decimal(Double(found.score)))  \(width)×\(height) pixels at \(left), \(top)\n"
        }
        return text
    }
}

/// Copies of images with what was found drawn in, as JPEG files of the same names, and in the same folders, in a folder.
final class DrawnImages {
    private let store: LocalStore
    private let drawing: DetectionDrawing
    private var names = OutputNames()

    init(folder: String, classes: [String]) throws {
        store = LocalStore(folder)
        drawing = DetectionDrawing(classes: classes)
        if !drawing.writesNames { OutputNames.noteMissingFont() }
    }

    /// The path of the picture.
    func write(_ detections: [Detection], of payload: ImagePayload, named name: String) throws -> String {
        let image = try payload.decoded()
        let file = names.make(for: name) + ".jpg"
        try store.write(drawing.drawn(detections, on: image).encodedJPEG(quality: 92), to: file)
        return store.location(of: file)
    }
}
