import Datasets

/// The forms in which answers are given.
///
/// Source: spec inference.md.
public enum AnswerFormat: String, Sendable, Equatable, CaseIterable {
    /// Classification: an array of probabilities. Detection: an object with rows.
    case json
    /// One object a line.
    case jsonLines
    /// Probabilities with the classes' names.
    case verboseJSON
    /// The same as a line.
    case verboseJSONLines
    /// Objects with boxes in pixels, as the training data have them.
    case annotation
    /// A mask of class ids.
    case png
    /// Every class's probability at every pixel, in a RecordIO record.
    case recordIOProtobuf
    /// The same under its other name.
    case protobuf

    /// What `Content-Type` says of it.
    public var contentType: String {
        switch self {
        case .json, .verboseJSON, .annotation: "application/json"
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
        default: contentType
        }
    }

    /// The forms that a task has, its own default first.
    static func known(for task: VisionTask) -> [AnswerFormat] {
        switch task {
        case .classification: [.json, .jsonLines, .verboseJSON, .verboseJSONLines]
        case .detection: [.json, .jsonLines, .annotation]
        case .segmentation: [.png, .recordIOProtobuf, .protobuf]
        }
    }

    /// The form for a request.
    ///
    /// - Parameters:
    ///   - accept: the header `Accept`; nil or empty: anything.
    ///   - task: the model's.
    ///   - isBatchTransform: JSON Lines are the default for classification.
    /// - Throws: ``ServingError`` that names the forms there are.
    public static func choose(accept: String?, task: VisionTask, isBatchTransform: Bool = false) throws -> AnswerFormat {
        let usual = isBatchTransform && task == .classification ? AnswerFormat.jsonLines : known(for: task)[0]
        guard let accept, !accept.trimmed.isEmpty else { return usual }
        for wanted in MediaType.list(accept) where wanted.quality > 0 {
            if wanted.name == "*/*" { return usual }
            let fitting = known(for: task).filter { format in
                wanted.subtype == "*" ? format.contentType.hasPrefix(wanted.type + "/") : format.contentType == wanted.name
            }
            guard let first = fitting.first else { continue }
            if wanted.isOn("verbose"), let verbose = fitting.first(where: { $0.acceptance.hasSuffix(";verbose=true") }) { return verbose }
            if wanted.isOn("annotation"), fitting.contains(.annotation) { return .annotation }
            return fitting.contains(usual) ? usual : first
        }
        throw ServingError(
            .notAcceptable,
            "Accept: '\(accept.prefix(200))' names no answer of a \(task.rawValue) model. Ask for one of "
                + known(for: task).map(\.acceptance).joined(separator: ", ") + ".")
    }
}
