import Foundation
import Tasks
import Training

/// The `README.md` of a run folder: what the model is, what it was trained on, what it reached and how to use it. The form is that of a
/// model card (Mitchell et al.: "Model Cards for Model Reporting", 2019) with the front matter that model hubs read.
public struct ModelCard {
    /// The network's name.
    public var network: String
    /// Learned numbers in it.
    public var parameterCount: Int
    /// Data and settings.
    public var context: RunContext
    /// How the run went.
    public var summary: RunSummary
    /// What the best model makes of the validation set; nil: there is none.
    public var evaluation: (any EvaluationSummary)?
    /// The pictures that it gets most wrong; nil: none were kept.
    public var mistakes: PictureGallery?
    /// Precision and device of the training.
    public var engine: String

    /// Gathers what the card tells.
    public init(
        network: String, parameterCount: Int, context: RunContext, summary: RunSummary, evaluation: (any EvaluationSummary)?,
        mistakes: PictureGallery? = nil, engine: String
    ) {
        self.network = network
        self.parameterCount = parameterCount
        self.context = context
        self.summary = summary
        self.evaluation = evaluation
        self.mistakes = mistakes
        self.engine = engine
    }

    static let mark = "library_name: sightline"

    /// Whether a text is a card that a run wrote, and so may be replaced.
    public static func isCard(_ text: String) -> Bool { text.hasPrefix("---\n") && text.prefix(400).contains(mark) }

    /// The card in Markdown.
    public var markdown: String {
        """
        ---
        \(Self.mark)
        pipeline_tag: \(context.task.replacing(" ", with: "-"))
        tags:
        - \(network)
        ---
        # \(network) for \(context.task)

        \(opening)

        ## Data
        \(data)

        ## Settings
        \(settings)

        ## Results
        \(results)
        ## Use
        ```
        sightline predict model photo.jpg
        sightline evaluate model --data PATH
        ```
        `model/model.safetensors` holds the weights under torchvision's names; `model/model.json` says how an image is prepared and what the
        classes are called. `results.csv` has the figures of every epoch, `report.html` shows them\(attachments).

        """
    }

    private var attachments: String {
        (evaluation?.attachments ?? []).map { ", `\($0.name)` \($0.shows)" }.joined()
    }

    private var opening: String {
        let (channels, height, width) = context.imageShape
        let size = context.takesAnySize ? "any size" : "\(height)×\(width) pixels"
        var text = "\(network) with \(Figures.parameters(parameterCount)) parameters, for images of \(size) in "
        text += channels == 1 ? "grey" : "colour"
        if context.takesAnySize { text += ", of which training saw crops of \(height)×\(width) pixels" }
        text +=
            ", trained from \(context.start) for \(Figures.count(summary.history.count, "epoch"))\(summary.stoppedEarly ? " (stopped early)" : "")."
        if context.validationSource != nil, let best = summary.best {
            text += " The model is that of epoch \(best.epoch), with a validation \(Figures.name(best.objective.name)) of "
            text += "**\(Figures.decimal(best.objective.value, 4))**."
        } else {
            text += " There was no validation data: the model is that of the last epoch, and what it is worth on other images is not known."
        }
        return text
    }

    private var data: String {
        var table = TextTable([("part", .left), ("images", .right), ("from", .left)])
        // Paths of somebody's machine help nobody; the last two names tell which data they were.
        table.add(["training", context.trainingImages.map(Figures.count) ?? "a stream", shortened(context.trainingSource)])
        if let source = context.validationSource {
            table.add(["validation", context.validationImages.map(Figures.count) ?? "a stream", shortened(source)])
        }
        let names = context.classes.prefix(100).map(TextTable.cell).joined(separator: ", ") + (context.classes.count > 100 ? ", …" : "")
        return table.markdown + "\n\(Figures.count(context.classes.count)) classes: \(names)."
    }

    private var settings: String {
        var table = TextTable([("hyperparameter", .left), ("value", .left), ("default", .left)])
        for (name, value) in context.chosenHyperparameters { table.add([name, value, context.defaults[name] ?? "–"]) }
        guard !context.chosenHyperparameters.isEmpty else { return "Every hyperparameter has its default. Trained in \(engine)." }
        return table.markdown + "\nAll others, in `hyperparameters.json`, are defaults. Trained in \(engine)."
    }

    private var results: String {
        guard let first = summary.history.first else { return "No epoch is complete.\n" }
        let names = first.training.map { "train \(Figures.name($0.name))" } + first.validation.map { "validation \(Figures.name($0.name))" }
        var table = TextTable(
            [("epoch", .right), ("train loss", .right)] + names.map { (title: $0, alignment: .right) }
                + [("learning rate", .right), ("images/s", .right)])
        for record in summary.history {
            let isModel = record.epoch == summary.best?.epoch
            table.add(
                [isModel ? "**\(record.epoch)**" : "\(record.epoch)", Figures.decimal(record.trainingLoss, 4)]
                    + (record.training + record.validation).map { Figures.decimal($0.value, 4) }
                    + [Figures.rate(record.learningRate), Figures.decimal(record.imagesPerSecond, 1)])
        }
        guard let evaluation, !evaluation.classMarkdown.isEmpty else { return table.markdown }
        return table.markdown + "\nThe model on the validation set, by class:\n\n" + evaluation.classMarkdown
    }

    private func shortened(_ source: String) -> String {
        // A part's name (", 10 % held out") may follow the path.
        let parts = source.split(separator: ",", maxSplits: 1, omittingEmptySubsequences: false)
        let path = parts.first.map { Listing.shortened($0) } ?? source
        return "`\(path)`" + (parts.count > 1 ? "," + parts[1] : "")
    }
}
