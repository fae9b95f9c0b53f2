/// A network that can't be built, or weights that don't fit one.
public struct NetworkError: Error, Equatable, CustomStringConvertible, Sendable {
    /// What is wrong, with names, shapes and the remedy.
    public let description: String

    /// Makes an error from a sentence.
    public init(_ description: String) { self.description = description }
}
