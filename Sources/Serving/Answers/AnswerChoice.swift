import Datasets

/// What a request wants to be told, and in which form.
struct AnswerChoice: Equatable, Sendable {
    /// The form.
    let format: AnswerFormat
    /// Detection: scores must exceed it, 0…1; nil: as the predictor has it.
    var threshold: Float?

    /// What `Accept` asks for it by.
    var acceptance: String { format.acceptance + (threshold.map { ";threshold=\($0)" } ?? "") }

    /// The answer that a header asks for. Parameters that say nothing of a task's answers are passed over.
    ///
    /// - Parameters:
    ///   - accept: the header `Accept`; nil or empty: anything.
    ///   - task: the model's.
    ///   - isBatchTransform: JSON Lines are the default for classification.
    /// - Throws: ``ServingError`` that names the forms there are.
    init(accept: String?, task: VisionTask, isBatchTransform: Bool = false) throws {
        let known = AnswerFormat.known(for: task)
        let usual = isBatchTransform && task == .classification ? AnswerFormat.jsonLines : known[0]
        guard let accept, !accept.trimmed.isEmpty else {
            format = usual
            return
        }
        for wanted in MediaType.list(accept) where wanted.quality > 0 {
            guard let found = Self.format(wanted, known, usual) else { continue }
            format = found
            if task == .detection { threshold = try wanted.parameters["threshold"].map(Self.threshold) }
            return
        }
        throw ServingError(
            .notAcceptable,
            "Accept: '\(accept.prefix(200))' names no answer of a \(task.rawValue) model. Ask for one of "
                + known.map(\.acceptance).joined(separator: ", ") + ".")
    }

    private static func format(_ wanted: MediaType, _ known: [AnswerFormat], _ usual: AnswerFormat) -> AnswerFormat? {
        let fitting =
            wanted.name == "*/*"
            ? known
            : known.filter { wanted.subtype == "*" ? $0.contentType.hasPrefix(wanted.type + "/") : $0.contentType == wanted.name }
        guard let first = fitting.first else { return nil }
        let ways = ["annotation=1", "verbose=true"].filter { wanted.isOn(String($0.prefix { $0 != "=" })) }
        let asked = ([ways] + ways.map { [$0] }).lazy.compactMap { ways in
            fitting.first { $0.acceptance == ([$0.contentType] + ways).joined(separator: ";") && !ways.isEmpty }
        }.first
        return asked ?? (fitting.contains(usual) ? usual : first)
    }

    /// - Throws: ``ServingError`` for what is no score.
    static func threshold(_ text: String) throws -> Float {
        guard let value = Float(text), (0...1).contains(value) else {
            throw ServingError(.notAcceptable, "Accept: threshold is '\(text.prefix(40))'; it must be a score from 0 to 1, as 0.5.")
        }
        return value
    }
}
