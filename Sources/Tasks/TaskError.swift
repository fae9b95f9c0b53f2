/// What is wrong with a job's settings or with a model for a task.
public struct TaskError: Error, Equatable, CustomStringConvertible, Sendable {
    /// One or more sentences: which value, what is allowed, what to do.
    public let description: String

    /// Makes an error from its sentences.
    public init(_ description: String) { self.description = description }
}
