/// A line that is redrawn on a terminal and, elsewhere, written whole now and then.
public final class LiveLine {
    private let output: TextOutput
    private let seconds: () -> Double
    private var lastShown: Double
    private var isOpen = false

    /// Seconds between two drawings on a terminal: at most five a second.
    static let redrawInterval = 0.2
    /// Seconds between two lines elsewhere.
    static let lineInterval = 30.0

    /// `seconds`: a clock that never goes back.
    public init(_ output: TextOutput, seconds: @escaping () -> Double = LiveLine.systemSeconds) {
        self.output = output
        self.seconds = seconds
        // Nothing short needs a line in a file; a terminal shows at once that something moves.
        lastShown = output.isTerminal ? -.infinity : seconds()
    }

    /// Seconds since some moment, from the system's steady clock.
    public static func systemSeconds() -> Double { origin.duration(to: .now) / .seconds(1) }
    private static let origin = ContinuousClock.now

    /// Whether what is shown may be drawn over.
    var isTerminal: Bool { output.isTerminal }

    /// Characters that are shown of a line that may be drawn over. The last column stays free: some terminals wrap when it is written.
    var width: Int { max(1, output.width() - 1) }

    /// Seconds on the line's clock.
    var now: Double { seconds() }

    /// Shows a text, where it is time to.
    public func show(_ text: @autoclosure () -> String) { show(styled: StyledText(text())) }

    func show(styled text: @autoclosure () -> StyledText) {
        let now = seconds()
        guard now - lastShown >= (output.isTerminal ? Self.redrawInterval : Self.lineInterval) else { return }
        lastShown = now
        guard output.isTerminal else { return write(text()) }
        output.write("\r" + text().rendered(width: width, colour: output.usesColour) + "\u{1B}[K")
        isOpen = true
    }

    /// Writes a line for good.
    func write(_ text: StyledText) {
        close()
        output.write(text.rendered(colour: output.usesColour) + "\n")
        if !output.isTerminal { lastShown = seconds() }
    }

    /// Takes the line away, so that what follows begins on a line of its own. Harmless if repeated.
    public func close() {
        guard isOpen else { return }
        output.write("\r\u{1B}[K")
        isOpen = false
    }
}
