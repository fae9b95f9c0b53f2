import Datasets

/// A data check for people who wait: a line on a terminal, elsewhere a line every half minute.
public final class CheckProgress {
    private let line: LiveLine
    private var channel = ""
    private var began = 0.0

    /// `seconds`: a clock that never goes back.
    public init(_ output: TextOutput, seconds: @escaping () -> Double = LiveLine.systemSeconds) {
        line = LiveLine(output, seconds: seconds)
    }

    /// Shows how far the check is, where it is time to.
    public func show(_ progress: DataCheck.Progress) {
        if channel != progress.channel { (channel, began) = (progress.channel, line.now) }
        line.show(styled: text(progress))
    }

    /// Takes the line away. Harmless if repeated.
    public func close() { line.close() }

    private func text(_ progress: DataCheck.Progress) -> StyledText {
        var text = StyledText("\(progress.channel)  ", .bold)
        if line.isTerminal {
            let bar = StyledText.bar(Double(progress.done) / Double(max(1, progress.total)), width: 24)
            text.append(bar.done, .green)
            text.append(bar.rest, .dim)
            text.append("  ")
        }
        text.append("\(Figures.count(progress.done))/\(Figures.count(progress.total))")
        let seconds = line.now - began
        if progress.done > 0, seconds > 0 {
            let speed = Double(progress.done) / seconds
            text.append("  \(Figures.speed(speed))  eta \(Figures.duration(Double(progress.total - progress.done) / speed))")
        }
        if progress.faults > 0 { text.append("  \(Figures.count(progress.faults, "finding"))", .yellow) }
        return text
    }
}
