import Datasets
import Reporting
import Tasks

/// Writes predictions as text or as JSON lines (`spec/inference.md`).
struct PredictionPrinter {
    let classes: [String]
    let top: Int
    let asJSON: Bool

    func print(_ prediction: ClassificationPrediction, of image: String, label: ClassificationLabel? = nil) {
        var truth: String?
        if case .single(let index)? = label, classes.indices.contains(index) { truth = classes[index] }
        TextOutput.standardOutput.write((asJSON ? json(prediction, image, truth).line : text(prediction, image, truth)) + "\n")
    }

    private func json(_ prediction: ClassificationPrediction, _ image: String, _ truth: String?) -> JSONValue {
        .members([
            "image": .string(image), "prediction": .array(prediction.probabilities.map { .float($0) }),
            "predicted_label": .string(classes[prediction.best]), "labels": .array(classes.map { .string($0) }),
            "label": truth.map { .string($0) },
        ])
    }

    private func text(_ prediction: ClassificationPrediction, _ image: String, _ truth: String?) -> String {
        let probabilities = prediction.probabilities
        // Equal ones stay in the order of the classes.
        let order = probabilities.indices.sorted { (-probabilities[$0], $0) < (-probabilities[$1], $1) }
        let guesses = order.prefix(top).map { "\(classes[$0]) \(probability(probabilities[$0]))" }
        return ([image] + guesses).joined(separator: "  ") + (truth.map { "  (labelled \($0))" } ?? "")
    }

    private func probability(_ value: Float) -> String {
        let thousandths = Int((value * 1000).rounded())
        let digits = String(thousandths % 1000)
        return "\(thousandths / 1000)." + String(repeating: "0", count: 3 - digits.count) + digits
    }
}
