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
            "prediction": .rows(detections),
            "labels": .array(classes.map { .string($0) }),
            "image_size": .members(["width": .integer(size.width), "height": .integer(size.height)]),
            "drawn": drawn.map { .string($0) },
        ])
    }

    private func text(_ detections: [Detection], _ size: PixelSize, _ image: String) -> String {
        var text =
            "\(image)  \(detections.isEmpty ? "nothing" : Listing.count(detections.count) + (detections.count == 1 ? " object" : " objects"))\n"
        for found in detections {
            let box = found.rect(in: size)
            text +=
                "  \(classes[found.classID]) \(Listing.decimal(Double(found.score)))  \(box.width)×\(box.height) pixels at \(box.x), \(box.y)\n"
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
