import Datasets
import Imaging
import Reporting
import Tasks

/// What one model says, in the forms that clients ask for.
struct Answer {
    let prediction: Prediction
    let classes: [String]
    /// Detection: scores must exceed it; nil: what was found, all of it.
    var threshold: Float?

    /// The body.
    /// - Throws: ``ServingError`` where a form and a prediction don't belong together; what encoders throw.
    func bytes(as format: AnswerFormat) throws -> [UInt8] {
        switch (prediction.above(threshold), format) {
        case (.classification(let found), .json): return text(.array(found.probabilities.map { .float($0) }), isLine: false)
        case (.classification(let found), .jsonLines):
            return text(.members(["prediction": .array(found.probabilities.map { .float($0) })]), isLine: true)
        case (.classification(let found), .verboseJSON), (.classification(let found), .verboseJSONLines):
            return text(verbose(found), isLine: format == .verboseJSONLines)
        case (.detection(let found, _), .json), (.detection(let found, _), .jsonLines):
            return text(.members(["prediction": .rows(found)]), isLine: format == .jsonLines)
        case (.detection(let found, _), .verboseJSON), (.detection(let found, _), .verboseJSONLines):
            return text(.members(["prediction": .rows(found), "labels": labels]), isLine: format == .verboseJSONLines)
        case (.detection(let found, let size), .annotation), (.detection(let found, let size), .verboseAnnotation):
            return text(annotation(found, size, withNames: format == .verboseAnnotation), isLine: false)
        case (.mask(let mask), .png): return try mask.encodedPNG(palette: nil)
        case (.probabilities(let found), .recordIOProtobuf), (.probabilities(let found), .protobuf):
            return try ProtobufRecord.encode(found)
        default: throw ServingError(.internalError, "A prediction has no form '\(format.rawValue)'.")
        }
    }

    private func text(_ value: JSONValue, isLine: Bool) -> [UInt8] { Array((value.line + (isLine ? "\n" : "")).utf8) }

    private var labels: JSONValue { .array(classes.map { .string($0) }) }

    private func verbose(_ found: ClassificationPrediction) -> JSONValue {
        .members([
            "probabilities": .array(found.probabilities.map { .float($0) }), "labels": labels,
            "predicted_label": .string(classes[found.best]),
        ])
    }

    private func annotation(_ found: [Detection], _ size: PixelSize, withNames: Bool) -> JSONValue {
        .members([
            "image_size": .array([.members(["width": .integer(size.width), "height": .integer(size.height), "depth": .integer(3)])]),
            "annotations": .array(
                found.map { object in
                    let box = object.rect(in: size)
                    return .members([
                        "class_id": .integer(object.classID), "label": withNames ? .string(classes[object.classID]) : nil,
                        "score": .float(object.score), "left": .integer(box.x), "top": .integer(box.y), "width": .integer(box.width),
                        "height": .integer(box.height),
                    ])
                }),
        ])
    }
}
