/// Why a model can't be exported.
public struct ExportError: Error, Equatable, CustomStringConvertible, Sendable {
    /// One or more sentences: what can't be, why, what to do.
    public let description: String

    /// Makes an error from its sentences.
    public init(_ description: String) { self.description = description }
}
