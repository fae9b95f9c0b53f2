extension RecordCheck {
    /// Pixels that a box may reach beyond its picture: what corners that count from 1, or include the last pixel, differ by, and a little
    /// for what fractions lose in single precision.
    static let rounding = 1.01

    /// Counts a picture's boxes and finds those without area, outside the picture or of no class. One fault a kind and picture.
    func check(_ boxes: [BoundingBox], of record: AnnotatedImage, _ number: Int, _ findings: inout Findings) {
        findings.boxCount = boxes.count
        if let labelWidth, DetectionRecord.labelWidth(objects: boxes.count) > labelWidth {
            findings.faults.append(
                fault(
                    .tooManyObjects, number, at: record.place,
                    "it has \(boxes.count) objects, and label_width (\(labelWidth)) room for \(DetectionRecord.objects(labelWidth: labelWidth))",
                    remedy: "set label_width to \(DetectionRecord.labelWidth(objects: boxes.count)) or more, or leave it out"))
        }
        var counts: [Int: Int] = [:]
        var faulty: [DataFault.Kind: (first: String, count: Int)] = [:]
        func note(_ kind: DataFault.Kind, _ problem: @autoclosure () -> String) {
            faulty[kind, default: (problem(), 0)].count += 1
        }
        // Edges were drawn at the stated size.
        let size = record.statedSize ?? findings.size
        for (index, box) in boxes.enumerated() {
            let isKnown = box.classID >= 0 && box.classID < classCount ?? .max
            if isKnown { counts[box.classID, default: 0] += 1 } else { note(.unknownClass, "box \(index) has class \(box.classID)") }
            if let problem = Self.areaProblem(box, size) {
                note(.boxWithoutArea, "box \(index) \(problem)")
            } else if let size, let problem = Self.edgeProblem(box, size) {
                note(.boxOutside, "box \(index) \(problem)")
            }
        }
        findings.counts = counts.map { (classID: $0.key, count: $0.value) }
        for (kind, (first, count)) in faulty.sorted(by: { $0.key.order < $1.key.order }) {
            var problem = first
            if kind == .unknownClass, let classCount { problem += ", which is not in 0…\(classCount - 1) (num_classes is \(classCount))" }
            if count > 1 { problem += ", and \(count - 1) more like it" }
            let remedy = kind == .unknownClass ? "correct the class, or num_classes" : "correct the box or remove it"
            findings.faults.append(fault(kind, number, at: record.place, problem, remedy: remedy))
        }
    }

    private static func areaProblem(_ box: BoundingBox, _ size: PixelSize?) -> String? {
        guard [box.left, box.top, box.right, box.bottom].allSatisfy(\.isFinite) else { return "has edges that are no numbers" }
        guard box.width <= 0 || box.height <= 0 else { return nil }
        return "\(described(box, size)) has no area"
    }

    private static func edgeProblem(_ box: BoundingBox, _ size: PixelSize) -> String? {
        let (width, height) = (Double(size.width), Double(size.height))
        let beyond = [
            ("left", -box.left * width), ("top", -box.top * height), ("right", (box.right - 1) * width),
            ("bottom", (box.bottom - 1) * height),
        ]
        guard let (edge, pixels) = beyond.max(by: { $0.1 < $1.1 }), pixels > rounding else { return nil }
        let isGone = box.left >= 1 || box.top >= 1 || box.right <= 0 || box.bottom <= 0
        return described(box, size)
            + (isGone
                ? " lies outside the \(size.width)×\(size.height) picture"
                : " reaches \(text(pixels)) pixels beyond the \(edge) edge of the \(size.width)×\(size.height) picture")
    }

    /// `(class 1: left 68, top 315, width 218, height 165)`.
    private static func described(_ box: BoundingBox, _ size: PixelSize?) -> String {
        let pixels = box.inPixels(width: size?.width ?? 1, height: size?.height ?? 1)
        return "(class \(box.classID): left \(text(pixels.left)), top \(text(pixels.top)), width \(text(pixels.width)), "
            + "height \(text(pixels.height)))"
    }

    /// At most two decimals, and none where the number is whole.
    private static func text(_ value: Double) -> String {
        let rounded = (value * 100).rounded() / 100
        return rounded == rounded.rounded() && abs(rounded) < 1e15 ? String(Int(rounded)) : String(rounded)
    }
}
