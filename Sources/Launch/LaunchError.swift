/// What keeps the processes of a job from being found, started or brought together, as one sentence: variable or file, value, remedy.
///
/// The only error type of this room.
public struct LaunchError: Error, Sendable, Equatable, CustomStringConvertible {
    /// Which part of the work failed, for callers that react differently.
    public enum Kind: Sendable, Equatable {
        /// A launcher's variables, or what the user said of hosts and ranks, do not fit together.
        case placement
        /// A host can't be found by its name.
        case unreachable
        /// The local system refuses: no process, no port, no memory.
        case system
        /// The caller wanted to stop.
        case cancelled
    }

    /// Which part of the work failed.
    public let kind: Kind
    /// Where: the name of a variable, a host or a program.
    public let place: String
    /// What is wrong there, with the value.
    public let problem: String
    /// What the user can do about it.
    public let remedy: String

    /// Makes an error from its parts; `description` joins them to one sentence.
    public init(_ kind: Kind, at place: String, _ problem: String, remedy: String) {
        self.kind = kind
        self.place = place
        self.problem = problem
        self.remedy = remedy
    }

    /// `place: problem; remedy`.
    public var description: String { remedy.isEmpty ? "\(place): \(problem)" : "\(place): \(problem); \(remedy)" }
}
