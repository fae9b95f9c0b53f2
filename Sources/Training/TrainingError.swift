/// Why a training run stopped, or can't begin or go on.
public struct TrainingError: Error, Equatable, CustomStringConvertible, Sendable {
    /// The kind of failure, for callers that act on it.
    public enum Kind: Sendable, CaseIterable {
        /// The user or the platform asked to stop; a checkpoint was written.
        case interrupted
        /// The loss is no number.
        case diverged
        /// The run folder does not allow what was asked.
        case runFolder
        /// The run in the folder has come to its end, so it can't go on.
        case finished
        /// The processes of the job did not come together, or one of them is gone.
        case ranks
        /// The processes of the job were given different settings or data.
        case disagreement
        /// More images than allowed can't be read, counted over all processes.
        case unreadable
    }

    /// What kind it is.
    public let kind: Kind
    /// Sentences for people: what, where, what to do.
    public let description: String

    /// Makes an error from its sentences.
    public init(_ kind: Kind, _ description: String) {
        self.kind = kind
        self.description = description
    }
}
