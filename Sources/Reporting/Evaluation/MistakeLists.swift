import Datasets
import Tasks

extension Array where Element == ClassificationMistake {
    /// The worst first; of equal ones the earlier image.
    func ranked() -> [ClassificationMistake] { sorted { ($1.severity, $0.number) < ($0.severity, $1.number) } }

    /// All of them as CSV, the worst first: the image, its label, and what it was taken for, with their probabilities.
    /// - Throws: where an image's name can't be read any more.
    public func csv(of dataset: ClassificationDataset) throws -> String {
        func row(_ mistake: ClassificationMistake) throws -> [String] {
            [try dataset.record(at: mistake.number).id]
                + [mistake.truth, mistake.predicted].flatMap { guesses in
                    [
                        guesses.map { dataset.classNames[$0.classID] }.joined(separator: "; "),
                        guesses.map { Figures.decimal(Double($0.probability), 4) }.joined(separator: "; "),
                    ]
                }
        }
        return CSV.text(["image", "label", "label_probability", "predicted", "predicted_probability"], try ranked().map(row))
    }
}

extension Array where Element == DetectionImageScore {
    /// Those with most errors first; those without any are left out.
    func ranked() -> [DetectionImageScore] {
        filter { $0.errors.total > 0 }.sorted { ($1.errors.total, $0.number) < ($0.errors.total, $1.number) }
    }

    /// The errors of all pictures together.
    public var errors: DetectionErrors { reduce(into: DetectionErrors()) { $0.add($1.errors) } }

    /// Pictures with errors as CSV, those with most first: the picture, right objects, and errors of each kind.
    /// - Throws: where a picture's name can't be read any more.
    public func csv(of dataset: DetectionDataset) throws -> String {
        let kinds = DetectionErrors.Kind.allCases
        return CSV.text(
            ["image", "right"] + kinds.map(\.rawValue),
            try ranked().map { score in
                [try dataset.record(at: score.number).id, String(score.errors.right)] + kinds.map { String(score.errors.count($0)) }
            })
    }
}

extension Array where Element == SegmentationImageScore {
    /// Those with the fewest right pixels first; those with nothing wrong, or nothing labelled, are left out.
    func ranked() -> [SegmentationImageScore] {
        filter { $0.pixelAccuracy.map { $0 < 1 } ?? false }
            .sorted { ($0.pixelAccuracy ?? 1, $0.number) < ($1.pixelAccuracy ?? 1, $1.number) }
    }

    /// Images with wrong pixels as CSV, those with most first: the image, its pixel accuracy and mean IoU.
    /// - Throws: where an image's name can't be read any more.
    public func csv(of dataset: SegmentationDataset) throws -> String {
        CSV.text(
            ["image", "pixel_accuracy", "mean_iou"],
            try ranked().map { score in
                [try dataset.record(at: score.number).id] + [score.pixelAccuracy ?? 1, score.meanIoU].map { Figures.decimal($0, 5) }
            })
    }
}

extension DetectionErrors {
    /// `3 missed, 1 duplicate`.
    var sentence: String {
        let parts = Kind.allCases.filter { count($0) > 0 }.map { "\(count($0)) \($0.title)" }
        return parts.isEmpty ? "nothing is wrong" : parts.joined(separator: ", ")
    }
}

extension DetectionErrors.Kind {
    /// The kind, for people.
    var title: String {
        switch self {
        case .classification: "of a wrong class"
        case .localization: "badly localized"
        case .both: "of a wrong class, badly localized"
        case .duplicate: "found twice"
        case .background: "on background"
        case .missed: "missed"
        }
    }

    /// What it means; `overlap`: the IoU from which a box is right.
    func meaning(overlap: String) -> String {
        switch self {
        case .classification: "a box overlaps an object by more than \(overlap), whose class is another"
        case .localization: "a box overlaps an object of its class by 0.1 to \(overlap) only"
        case .both: "a box overlaps an object of another class by 0.1 to \(overlap)"
        case .duplicate: "a second box for an object that was found"
        case .background: "a box overlaps no object by 0.1"
        case .missed: "an object that no box was meant for"
        }
    }
}

extension DetectionErrors {
    /// One object, with the keys that scripts rely on.
    var json: JSONValue {
        .object(
            of: [(name: "score_threshold", value: JSONValue.float(Self.scoreThreshold)), (name: "right", value: .integer(right))]
                + Kind.allCases.map { (name: $0.rawValue, value: .integer(count($0))) })
    }
}
