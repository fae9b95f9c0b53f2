import Datasets

/// The forms in which answers are given.
///
/// Source: spec inference.md.
public enum AnswerFormat: String, Sendable, Equatable, CaseIterable {
    /// Classification: an array of probabilities. Detection: an object with rows.
    case json
    /// One object a line.
    case jsonLines
    /// Probabilities, or rows, with the classes' names.
    case verboseJSON
    /// The same as a line.
    case verboseJSONLines
    /// Objects with boxes in pixels, as the training data have them.
    case annotation
    /// The same, each object with its class's name.
    case verboseAnnotation
    /// A mask of class ids.
    case png
    /// Every class's probability at every pixel, in a RecordIO record.
    case recordIOProtobuf
    /// The same under its other name.
    case protobuf

    /// What `Content-Type` says of it.
    public var contentType: String {
        switch self {
        case .json, .verboseJSON, .annotation, .verboseAnnotation: "application/json"
        case .jsonLines, .verboseJSONLines: "application/jsonlines"
        case .png: "image/png"
        case .recordIOProtobuf: "application/x-recordio-protobuf"
        case .protobuf: "application/x-protobuf"
        }
    }

    /// What `Accept` asks for it by.
    var acceptance: String {
        switch self {
        case .verboseJSON, .verboseJSONLines: contentType + ";verbose=true"
        case .annotation: contentType + ";annotation=1"
        case .verboseAnnotation: contentType + ";annotation=1;verbose=true"
        default: contentType
        }
    }

    /// The forms that a task has, its own default first.
    static func known(for task: VisionTask) -> [AnswerFormat] {
        switch task {
        case .classification: [.json, .jsonLines, .verboseJSON, .verboseJSONLines]
        case .detection: [.json, .jsonLines, .verboseJSON, .verboseJSONLines, .annotation, .verboseAnnotation]
        case .segmentation: [.png, .recordIOProtobuf, .protobuf]
        }
    }
}
