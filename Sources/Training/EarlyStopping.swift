/// Stops a run whose objective no longer improves (`spec/image-classification.md`, early_stopping_*).
public struct EarlyStopping: Equatable, Sendable {
    /// Epochs before which a run never stops.
    public let minimumEpochs: Int
    /// Epochs without improvement that are tolerated.
    public let patience: Int
    /// An improvement counts only if (new − best) / best is more than this, or at least this where it is not zero.
    public let tolerance: Double

    /// Makes a rule.
    public init(minimumEpochs: Int, patience: Int, tolerance: Double) {
        self.minimumEpochs = minimumEpochs
        self.patience = patience
        self.tolerance = tolerance
    }

    /// Whether to stop after these objectives, one an epoch, oldest first; higher is better. A function of the history alone, so that a
    /// resumed run decides as an uninterrupted one.
    public func shouldStop(after objectives: [Double]) -> Bool {
        guard objectives.count >= minimumEpochs else { return false }
        var best = -Double.infinity
        var waited = 0
        for value in objectives {
            // From nothing on, any gain is beyond every share of it.
            if value > best, best <= 0 || (value - best) / best >= tolerance {
                best = value
                waited = 0
            } else {
                waited += 1
            }
        }
        return waited > 0 && waited >= patience
    }
}
