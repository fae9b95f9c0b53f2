import Tasks
import Training

/// The page of a run, `report.html`: how training goes epoch by epoch, what the model makes of the validation set, and the settings.
struct RunPage {
    let network: String
    let context: RunContext
    /// Epochs so far.
    let history: [EpochRecord]
    /// What is to be said of where the run stands.
    let state: String
    /// The epoch whose model is kept.
    let bestEpoch: Int?
    var evaluation: (any EvaluationSummary)?
    var mistakes: PictureGallery?

    /// The page of a run that goes on.
    init(network: String, context: RunContext, history: [EpochRecord], epochs: Int) {
        self.network = network
        self.context = context
        self.history = history
        bestEpoch = history.last(where: \.isBest)?.epoch
        state = "\(Figures.count(history.count)) of \(Figures.count(epochs, "epoch")) done."
    }

    /// The page of a run that is over.
    init(_ card: ModelCard) {
        network = card.network
        context = card.context
        history = card.summary.history
        bestEpoch = card.summary.best?.epoch
        var state = Figures.count(history.count, "epoch") + (card.summary.stoppedEarly ? ", stopped early" : "")
        if context.validationSource != nil, let best = card.summary.best {
            state +=
                "; best validation \(Figures.name(best.objective.name)) \(Figures.decimal(best.objective.value, 4)) in epoch \(best.epoch)"
        }
        self.state = state + ". Trained in \(card.engine)."
        evaluation = card.evaluation
        mistakes = card.mistakes
    }

    var html: String {
        var page = ReportPage("\(network) for \(context.task)", subtitle: state, writer: RunFolder.reportMark)
        page.add("Training", "<div class=\"charts\">\n\(charts.map(\.html).joined())</div>\n")
        if let evaluation {
            page.add("The model on the validation set", bestEpoch.map { HTML.paragraph("The weights are those of epoch \($0).") } ?? "")
            evaluation.add(to: &page)
        }
        if let mistakes { page.add(mistakes) }
        page.add("Data and settings", settings)
        return page.html
    }

    /// Losses; metrics that training and validation share; what only one of them has; the learning rate.
    private var charts: [LineChart] {
        let (training, validation) = (names(\.training), names(\.validation))
        let both = training.filter { validation.contains($0) && $0 != "loss" }
        var charts = [
            chart("Loss", [("training", history.map(\.trainingLoss)), ("validation", values(\.validation, "loss"))])
        ]
        charts += both.map { chart(Figures.title($0), [("training", values(\.training, $0)), ("validation", values(\.validation, $0))]) }
        for (title, names, part) in [
            ("Only in training", training, \EpochRecord.training), ("Validation", validation, \EpochRecord.validation),
        ] {
            charts.append(
                chart(title, names.filter { $0 != "loss" && !both.contains($0) }.map { (Figures.name($0), values(part, $0)) }))
        }
        return charts + [chart("Learning rate", [("learning rate", history.map(\.learningRate))])]
    }

    private func names(_ part: KeyPath<EpochRecord, [MetricValue]>) -> [String] { history.first?[keyPath: part].map(\.name) ?? [] }

    private func values(_ part: KeyPath<EpochRecord, [MetricValue]>, _ name: String) -> [Double] {
        history.map { record in record[keyPath: part].first { $0.name == name }?.value ?? .nan }
    }

    private func chart(_ title: String, _ curves: [(name: String, values: [Double])]) -> LineChart {
        let series = curves.filter { $0.values.contains(where: \.isFinite) }.map { curve in
            LineChart.Series(name: curve.name, points: zip(history, curve.values).map { (Double($0.epoch), $1) })
        }
        return LineChart(
            title: title, horizontal: ChartAxis(whole: 1, to: history.last?.epoch ?? 1),
            vertical: ChartAxis(holding: series.flatMap { $0.points.map(\.y) }), horizontalName: "epoch", series: series,
            mark: history.count > 1 && context.validationSource != nil ? bestEpoch.map { (Double($0), "the best epoch") } : nil)
    }

    private var settings: String {
        var table = TextTable([("", .left), ("", .left)])
        table.add(["training", (context.trainingImages.map { Figures.count($0, "image") } ?? "a stream")])
        if context.validationSource != nil {
            table.add(["validation", (context.validationImages.map { Figures.count($0, "image") } ?? "a stream")])
        }
        table.add(["classes", Figures.count(context.classes.count)])
        table.add(["begun with", context.start])
        for (name, value) in context.chosenHyperparameters { table.add([name, value]) }
        return table.html + HTML.paragraph("All other hyperparameters are defaults; see hyperparameters.json.")
    }
}

/// Keeps a run's `report.html` up to date, epoch by epoch. What can't be written is written after the next one.
public final class PageProgress: TrainingObserver {
    private let folder: RunFolder
    private let context: RunContext
    private var start: RunStart?
    private var history: [EpochRecord] = []

    /// Writes into the folder of a run.
    public init(_ folder: RunFolder, context: RunContext) {
        self.folder = folder
        self.context = context
    }

    /// Writes after every epoch.
    public func handle(_ event: TrainingEvent) {
        switch event {
        case .started(let start):
            self.start = start
            history = start.history
        case .epochEnded(let record):
            history.append(record)
            guard let start else { return }
            _ = try? folder.write(RunPage(network: start.network, context: context, history: history, epochs: start.epochs))
        default: break
        }
    }
}
