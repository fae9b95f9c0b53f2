import Imaging

/// Writes one line of an augmented manifest.
///
/// Source: spec data-formats.md, "Augmented manifest"; the examples in image-classification.md, object-detection.md,
/// semantic-segmentation.md.
struct ManifestLineWriter {
    let manifest: AugmentedManifest
    let classNames: [String]?

    /// Appends a line with its end.
    ///
    /// - Parameters:
    ///   - image: the record.
    ///   - picture: the reference to its picture.
    ///   - mask: the reference to its mask.
    ///   - size: the size that boxes are written for.
    ///   - isFirst: whether all class names are to be told, not only those that the line shows.
    ///   - line: what is appended to; unchanged where the record can't be written.
    func append(
        _ image: AnnotatedImage, picture: String, mask: String?, size: PixelSize?, isFirst: Bool, to line: inout [UInt8]
    ) throws {
        var text: [UInt8] = []
        text.append(contentsOf: "{".utf8)
        text.append(jsonString: manifest.image)
        text.append(contentsOf: ":".utf8)
        text.append(jsonString: picture)
        text.append(contentsOf: ",".utf8)
        text.append(jsonString: manifest.label)
        text.append(contentsOf: ":".utf8)
        switch image.annotation {
        case .label(.single(let number)):
            guard number >= 0 else { throw refused(image, "class \(number) is negative") }
            text.append(jsonString: String(number))
            appendMetadata("image-classification", classes: isFirst ? nil : [], single: number, to: &text)
        case .label(.multi(let values)):
            var shown: [Int] = []
            for (number, value) in values.enumerated() {
                guard value == 0 || value == 1 else { throw refused(image, "the label of class \(number) is \(value), neither 0 nor 1") }
                if value == 1 { shown.append(number) }
            }
            if manifest.labelFormat == .classID {
                text.append(contentsOf: "[\(shown.map(String.init).joined(separator: ", "))]".utf8)
            } else {
                text.append(jsonString: "[\(values.map { $0 == 1 ? "1" : "0" }.joined(separator: ", "))]")
            }
            appendMetadata("image-classification-multilabel", classes: isFirst ? nil : shown, to: &text)
        case .boxes(let boxes):
            guard let size else { throw refused(image, "the picture's size is not known") }
            text.append(contentsOf: "{".utf8)
            try BoxObject.append(boxes, size, to: &text, place: image.place)
            text.append(contentsOf: "}".utf8)
            appendMetadata("object-detection", classes: isFirst ? nil : Array(Set(boxes.map(\.classID))).sorted(), to: &text)
        case .mask:
            text.append(jsonString: mask ?? "")
            appendColours(to: &text)
        }
        text.append(contentsOf: "}\n".utf8)
        line += text
    }

    // `classes`: those to be named in the class-map; nil: all.
    private func appendMetadata(_ type: String, classes: [Int]?, single: Int? = nil, to text: inout [UInt8]) {
        guard let classNames else { return }
        beginMetadata(to: &text)
        if let single, single < classNames.count {
            text.append(contentsOf: "\"class-name\":".utf8)
            text.append(jsonString: classNames[single])
            text.append(contentsOf: ",".utf8)
        }
        let named = (classes ?? Array(classNames.indices)).filter { $0 < classNames.count }
        if !named.isEmpty || single == nil {
            text.append(contentsOf: "\"class-map\":{".utf8)
            for (position, number) in named.enumerated() {
                text.append(contentsOf: "\(position == 0 ? "" : ",")\"\(number)\":".utf8)
                text.append(jsonString: classNames[number])
            }
            text.append(contentsOf: "},".utf8)
        }
        text.append(contentsOf: "\"type\":\"groundtruth/\(type)\"}".utf8)
    }

    private func appendColours(to text: inout [UInt8]) {
        guard let classNames else { return }
        beginMetadata(to: &text)
        text.append(contentsOf: "\"internal-color-map\":{".utf8)
        for (number, name) in classNames.enumerated() {
            text.append(contentsOf: "\(number == 0 ? "" : ",")\"\(number)\":{\"class-name\":".utf8)
            text.append(jsonString: name)
            let colour = Palette.pascalVOC.colours[number]
            let digits = [colour.red, colour.green, colour.blue].map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
            text.append(contentsOf: ",\"hex-color\":\"#\(digits)\"}".utf8)
        }
        text.append(contentsOf: "},\"type\":\"groundtruth/semantic-segmentation\"}".utf8)
    }

    private func beginMetadata(to text: inout [UInt8]) {
        text.append(contentsOf: ",".utf8)
        text.append(jsonString: manifest.metadata)
        text.append(contentsOf: ":{".utf8)
    }

    private func refused(_ image: AnnotatedImage, _ problem: String) -> DatasetError {
        DatasetError(.label, at: image.place, problem, remedy: "correct the annotation")
    }
}
