import Weights

/// How far a download has come, on one line.
public final class DownloadDisplay {
    private let file: String
    private let line: LiveLine?
    private var hasBegun = false
    private let output: TextOutput?

    /// `output`: nil: nothing is shown.
    public init(_ output: TextOutput?, file: String) {
        self.file = file
        self.output = output
        line = output.map { LiveLine($0) }
    }

    /// Shows a state.
    public func show(_ progress: DownloadProgress) {
        if !hasBegun {
            hasBegun = true
            let size = progress.total.map { " (\(Figures.megabytes($0)))" } ?? ""
            output?.write("Downloading \(file)\(size)\n")
        }
        line?.show(text(progress))
    }

    /// Takes the line away.
    public func close() { line?.close() }

    private func text(_ progress: DownloadProgress) -> String {
        let done = Figures.megabytes(progress.received)
        let speed = "\(Figures.megabytes(Int(max(0, progress.bytesPerSecond))))/s"
        guard let total = progress.total, total > 0 else { return "  \(done)  \(speed)" }
        let bar = StyledText.bar(Double(progress.received) / Double(total), width: 16)
        return "  \(bar.done)\(bar.rest)  \(done) of \(Figures.megabytes(total))  \(speed)"
    }
}
