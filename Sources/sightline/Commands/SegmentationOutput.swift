import Datasets
import Foundation
import Imaging
import Reporting
import Storage
import Tasks

/// Writes how much of an image each class has, as text or as JSON lines.
struct SegmentationPrinter {
    let classes: [String]
    let asJSON: Bool

    func print(_ mask: Mask, of image: String, files: (mask: String, overlay: String)?) {
        let counts = mask.histogram
        let shares = classes.indices.map { Double(counts[$0]) / Double(mask.classIDs.count) }
        TextOutput.standardOutput.write(asJSON ? json(mask.size, shares, image, files).line + "\n" : text(mask.size, shares, image))
    }

    private func json(_ size: PixelSize, _ shares: [Double], _ image: String, _ files: (mask: String, overlay: String)?) -> JSONValue {
        .members([
            "image": .string(image), "shares": .array(shares.map { .number($0) }), "labels": .array(classes.map { .string($0) }),
            "image_size": .members(["width": .integer(size.width), "height": .integer(size.height)]),
            "mask": files.map { .string($0.mask) }, "overlay": files.map { .string($0.overlay) },
        ])
    }

    private func text(_ size: PixelSize, _ shares: [Double], _ image: String) -> String {
        let shown = shares.indices.filter { shares[$0] > 0 }.sorted { (-shares[$0], $0) < (-shares[$1], $1) }
        return "\(image)  \(size.width)×\(size.height) pixels\n"
            + shown.map { "  \(SegmentationDrawing.name(of: $0, among: classes)) \(Listing.decimal(shares[$0]))\n" }.joined()
    }
}

/// Masks, as palette PNGs whose indices are the classes, and pictures with the classes laid over them, in a folder.
final class MaskFiles {
    private let store: LocalStore
    private let drawing: SegmentationDrawing
    private var names = OutputNames()

    init(folder: String, classes: [String]) throws {
        store = LocalStore(folder)
        drawing = SegmentationDrawing(classes: classes)
        if !drawing.writesNames { OutputNames.noteMissingFont() }
    }

    /// The paths of both files.
    func write(_ mask: Mask, on image: Image, named name: String) throws -> (mask: String, overlay: String) {
        let stem = names.make(for: name)
        let files = (mask: stem + ".png", overlay: stem + "_overlay.jpg")
        try store.write(mask.encodedPNG(palette: .distinct), to: files.mask)
        try store.write(drawing.drawn(mask, on: image).encodedJPEG(quality: 92), to: files.overlay)
        return (store.location(of: files.mask), store.location(of: files.overlay))
    }
}

/// Names for files that are made of images: the image's own below the folder that was searched, without extension, numbered where two images
/// share it.
struct OutputNames {
    private var taken: Set<String> = []

    mutating func make(for image: String) -> String {
        let stem = (image as NSString).deletingPathExtension
        var name = stem
        var number = 2
        while !taken.insert(name).inserted {
            name = "\(stem)_\(number)"
            number += 1
        }
        return name
    }

    /// The name of a record, which may be a path or a file and a number.
    static func last(of record: String) -> String { (record as NSString).lastPathComponent }

    /// Says that pictures are drawn without names.
    static func noteMissingFont() {
        TextOutput.standardError.write("note: there is no font for names; install fonts-dejavu-core, or set SIGHTLINE_FONT.\n")
    }
}
