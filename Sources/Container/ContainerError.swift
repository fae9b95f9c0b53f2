/// What is wrong with a job as the platform laid it out, as one sentence: file, field, value, remedy. Always the user's to mend.
///
/// The only error type of this room.
public struct ContainerError: Error, Sendable, Equatable, CustomStringConvertible {
    /// Where: a file or channel, and a field of it.
    public let place: String
    /// What is wrong there, with the value.
    public let problem: String
    /// What the user can do about it.
    public let remedy: String

    /// Makes an error from its parts; `description` joins them to one sentence.
    public init(at place: String, _ problem: String, remedy: String) {
        self.place = place
        self.problem = problem
        self.remedy = remedy
    }

    /// `place: problem; remedy`.
    public var description: String { remedy.isEmpty ? "\(place): \(problem)" : "\(place): \(problem); \(remedy)" }
}
