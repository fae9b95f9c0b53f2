import Tasks
import Training

/// A run for people. On a terminal, one line lives while an epoch lasts; each epoch leaves a line for good. Elsewhere there are only
/// whole lines: one an epoch and one every half minute, without control characters.
public final class ConsoleProgress: TrainingObserver {
    private let context: RunContext
    private let line: LiveLine
    private var epochs = 0
    private var epochsDone = 0
    private var skippedCount = 0
    private var skippedReasons = 0
    private var began = 0.0

    /// `seconds`: a clock that never goes back.
    public init(_ output: TextOutput, context: RunContext, seconds: @escaping () -> Double = LiveLine.systemSeconds) {
        self.context = context
        line = LiveLine(output, seconds: seconds)
    }

    /// Takes the live line away, so that what follows begins on a line of its own. Harmless if repeated.
    public func close() { line.close() }

    /// Shows an event.
    public func handle(_ event: TrainingEvent) {
        switch event {
        case .started(let start): header(start)
        case .stepped(let info): line.show(styled: live(info))
        case .validating(let done, let total): line.show(styled: validating(done, of: total))
        case .epochEnded(let record): ended(record)
        case .savedBest: break
        case .noted(let sentence): line.write(StyledText("  note: \(sentence)", .yellow))
        case .skipped(let count, let reasons):
            guard count > skippedCount else { return }
            // Of several processes the first knows its own reasons.
            let new = reasons.dropFirst(skippedReasons).prefix(5)
            for reason in new { line.write(StyledText("  left out: \(reason)", .yellow)) }
            if count - skippedCount > new.count { line.write(StyledText("  left out: \(count - skippedCount - new.count) more", .yellow)) }
            skippedReasons = reasons.count
            skippedCount = count
        case .stoppedEarly(let epoch):
            line.write(StyledText("Stopped early: the objective has not improved lately (epoch \(epoch) of \(epochs))."))
        case .interrupted: close()
        case .finished(let summary): closing(summary)
        }
    }

    // MARK: Lines

    private func header(_ start: RunStart) {
        epochs = start.epochs
        began = line.now
        epochsDone = (start.resumedAt?.epoch ?? 1) - 1
        var title = StyledText(start.network, .bold)
        title.append(", \(Figures.parameters(start.parameterCount)) parameters, \(start.precision) on \(start.device), \(context.start)")
        if start.world.processes > 1 { title.append(", \(start.world)") }
        line.write(title)
        var data =
            "\(start.examples.map { Figures.count($0, "image") } ?? "a stream of images") of \(Figures.count(context.classes.count)) classes"
        data +=
            context.validationImages.map { $0 > 0 ? ", \(Figures.count($0)) for validation" : ", none for validation" }
            ?? ", a stream for validation"
        data += "; \(Figures.count(start.epochs, "epoch"))"
        if let steps = start.stepsPerEpoch { data += " of \(Figures.count(steps, "step"))" }
        line.write(StyledText(data))
        if let place = start.resumedAt {
            line.write(StyledText("Resumed in epoch \(place.epoch)\(place.step > 0 ? " after step \(place.step)" : "")."))
        }
    }

    private func validating(_ done: Int, of total: Int?) -> StyledText {
        var text = StyledText("epoch \(epochsDone + 1)/\(epochs)  ", .bold)
        text.append("validation  \(Figures.count(done))\(total.map { "/\(Figures.count($0))" } ?? "")")
        if Interruption.isRequested { text.append("  stopping", .yellow) }
        return text
    }

    /// The bar is what a narrow terminal can do without first.
    private func live(_ info: StepInfo) -> StyledText {
        let text = live(info, barWidth: 16)
        let excess = text.plain.count - line.width
        return line.isTerminal && excess > 0 ? live(info, barWidth: max(0, 16 - excess)) : text
    }

    private func live(_ info: StepInfo, barWidth: Int) -> StyledText {
        var text = StyledText("epoch \(info.epoch)/\(info.epochs)  ", .bold)
        if line.isTerminal, barWidth > 2, let steps = info.steps {
            let bar = StyledText.bar(min(1, Double(info.step) / Double(max(1, steps))), width: barWidth)
            text.append(bar.done, .green)
            text.append(bar.rest, .dim)
            text.append("  ")
        }
        text.append("\(info.steps.map { "\(info.step)/\($0)" } ?? "step \(info.step)")  loss \(Figures.decimal(info.loss))")
        for metric in info.metrics { text.append("  \(Figures.name(metric.name)) \(Figures.decimal(metric.value))") }
        text.append("  \(Figures.speed(info.imagesPerSecond))")
        if let seconds = info.secondsLeft { text.append("  eta \(Figures.duration(seconds))") }
        text.append("  \(Figures.megabytes(info.residentMemory))  data \(Figures.percent(info.waitShare))", .dim)
        return text
    }

    private func ended(_ record: EpochRecord) {
        epochsDone = record.epoch
        let number = String(record.epoch)
        let blanks = String(repeating: " ", count: max(0, String(epochs).count - number.count))
        var text = StyledText("epoch \(blanks)\(number)/\(epochs)", .bold)
        text.append("  train loss \(Figures.decimal(record.trainingLoss))\(figures(record.training))")
        if !record.validation.isEmpty {
            text.append("  validation")
            let loss = record.validation.filter { $0.name == "loss" }
            text.append(figures(loss, separator: " ") + figures(record.validation.filter { $0.name != "loss" }))
        }
        text.append("  lr \(Figures.rate(record.learningRate))  \(Figures.speed(record.imagesPerSecond))", .dim)
        text.append("  \(Figures.megabytes(record.peakMemory))  \(Figures.duration(record.seconds))", .dim)
        if record.isBest, !record.validation.isEmpty { text.append("  ★", .yellow) }
        line.write(text)
    }

    private func figures(_ metrics: [MetricValue], separator: String = " ") -> String {
        metrics.map { "\(separator)\(Figures.name($0.name)) \(Figures.decimal($0.value))" }.joined()
    }

    private func closing(_ summary: RunSummary) {
        var verdict = "Done: \(Figures.count(summary.history.count, "epoch"))\(summary.stoppedEarly ? ", stopped early" : "")"
        verdict += " in \(Figures.duration(line.now - began))."
        if let best = summary.best {
            verdict +=
                context.validationSource == nil
                ? " Without validation data the model is that of the last epoch."
                : " Best validation \(Figures.name(best.objective.name)) \(Figures.decimal(best.objective.value)) in epoch \(best.epoch)."
        }
        line.write(StyledText(verdict, .bold))
        line.write(StyledText("  model     \(summary.model)"))
        line.write(StyledText("  evaluate  sightline evaluate \(shellQuoted(summary.model)) --data PATH"))
        line.write(StyledText("  predict   sightline predict \(shellQuoted(summary.model)) IMAGE…"))
    }
}
