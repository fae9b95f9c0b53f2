/// What the numbers of an image record, or of a line of an `.lst`, mean for a task.
///
/// Source: spec recordio.md, "Image record".
public enum ImageRecordLabels {
    /// The annotation that the labels stand for.
    ///
    /// - Parameters:
    ///   - labels: as stored, at least one.
    ///   - task: classification: one class number, or a multi-hot vector; detection: header width A, object width B, A − 2 further
    ///     numbers, then B numbers an object, of which the first are class, xmin, ymin, xmax, ymax (fractions) and, with B ≥ 6,
    ///     difficult. Rows whose class is −1 pad and are left out.
    ///   - labelWidth: `label_width`: how many labels a record must have; for detection, how many there is room for. nil: as many as it has.
    ///   - place: what an error calls the record.
    /// - Throws: ``DatasetError`` for labels that mean nothing to the task.
    public static func annotation(_ labels: [Float], task: VisionTask, labelWidth: Int? = nil, place: String) throws -> Annotation {
        // Spec object-detection.md, "label_width": room that is padded, so that only too little is a fault.
        if let labelWidth, task == .detection ? labels.count > labelWidth : labels.count != labelWidth {
            throw DatasetError(
                .label, at: place, "it has \(labels.count) labels where label_width is \(labelWidth)",
                remedy: task == .detection
                    ? "set label_width to \(labels.count) or more"
                    : "correct label_width, or pack the records again (im2rec needs --pack-label for more than one)")
        }
        switch task {
        case .classification:
            guard labels.count == 1 else { return .label(.multi(labels)) }
            return .label(.single(try classID(labels[0], place)))
        case .detection: return .boxes(try boxes(labels, place))
        case .segmentation:
            throw DatasetError(
                .label, at: place, "an image record can't hold a mask", remedy: "give folders of images and masks, or an augmented manifest"
            )
        }
    }

    /// The numbers that stand for an annotation, the inverse of ``annotation(_:task:labelWidth:place:)``.
    ///
    /// - Parameters:
    ///   - annotation: a label or boxes.
    ///   - objectWidth: numbers an object: 5, or 6 to keep "difficult".
    ///   - place: what an error calls the record.
    /// - Throws: ``DatasetError`` for a mask, a class number that a float can't hold, fewer than two multi-hot values, which would be read
    ///   back as a class number, and another object width.
    public static func labels(of annotation: Annotation, objectWidth: Int = 6, place: String) throws -> [Float] {
        switch annotation {
        case .label(.single(let value)): return [try classLabel(value, place)]
        case .label(.multi(let values)):
            guard values.count > 1 else {
                throw DatasetError(
                    .label, at: place, "it has \(values.count) multi-hot values, and an image record needs two or more",
                    remedy: "give one value for each class, or a class number")
            }
            return values
        case .boxes(let boxes):
            guard objectWidth == 5 || objectWidth == 6 else {
                throw DatasetError(
                    .argument, at: "objectWidth", "\(objectWidth) numbers an object", remedy: "use 5, or 6 to keep \"difficult\"")
            }
            return try boxes.reduce(into: [2, Float(objectWidth)]) { labels, box in
                labels += [try classLabel(box.classID, place), Float(box.left), Float(box.top), Float(box.right), Float(box.bottom)]
                if objectWidth > 5 { labels.append(box.isDifficult ? 1 : 0) }
            }
        case .mask:
            throw DatasetError(
                .label, at: place, "an image record can't hold a mask", remedy: "convert to folders of masks, or to an augmented manifest")
        }
    }

    /// Above 2²⁴ a float can't tell neighbours apart.
    private static let highestClass = 1 << 24

    /// Edges beyond this are pixels, not fractions of a picture that a box reaches out of.
    private static let farthestEdge: Float = 4

    private static func classID(_ value: Float, _ place: String) throws -> Int {
        guard value >= 0, value <= Float(highestClass), value == value.rounded() else {
            throw DatasetError(.label, at: place, "label \(value) is not a class number", remedy: "use whole numbers from 0")
        }
        return Int(value)
    }

    private static func classLabel(_ classID: Int, _ place: String) throws -> Float {
        guard (0...highestClass).contains(classID) else {
            throw DatasetError(
                .label, at: place, "class number \(classID) is not in 0…\(highestClass)", remedy: "number the classes from 0")
        }
        return Float(classID)
    }

    private static func boxes(_ labels: [Float], _ place: String) throws -> [BoundingBox] {
        func fault(_ problem: String) -> DatasetError {
            DatasetError(
                .label, at: place, problem, remedy: "a detection label is: header width, object width, then class and edges of each object")
        }
        func width(_ value: Float, atLeast minimum: Int) -> Int? {
            value == value.rounded() && value >= Float(minimum) && value <= 1024 ? Int(value) : nil
        }
        guard labels.count >= 2, let header = width(labels[0], atLeast: 2), let object = width(labels[1], atLeast: 5) else {
            throw fault("it begins with \(labels.prefix(2).map { "\($0)" }.joined(separator: ", ")), which are no header and object width")
        }
        guard labels.count >= header, (labels.count - header).isMultiple(of: object) else {
            throw fault("\(labels.count) numbers are not \(header) and a multiple of \(object)")
        }
        return try stride(from: header, to: labels.count, by: object).compactMap { start in
            let row = labels[start..<start + object]
            if row[start] == -1 { return nil }
            if let edge = row[start + 1..<start + 5].first(where: { $0.magnitude > farthestEdge }) {
                throw DatasetError(
                    .label, at: place, "object \((start - header) / object) has an edge at \(edge)",
                    remedy: "edges are fractions of width and height, 0…1; divide pixels by the picture's sides")
            }
            return BoundingBox(
                classID: try classID(row[start], place), left: Double(row[start + 1]), top: Double(row[start + 2]),
                right: Double(row[start + 3]), bottom: Double(row[start + 4]), isDifficult: object > 5 && row[start + 5] > 0.5)
        }
    }
}
