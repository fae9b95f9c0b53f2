/// What went wrong with a weight file or its download, as a sentence that names the file, the value and the remedy.
public struct WeightsError: Error, Sendable, Equatable, CustomStringConvertible {
    /// The kind of failure, for callers that act on it rather than print it.
    public enum Kind: Sendable, Equatable {
        /// The operating system refused: no such file, no permission, no space.
        case system
        /// The content contradicts its format.
        case damaged
        /// The file ends before its content does; `missing` bytes are lacking (at least, where the format cannot tell).
        case truncated(missing: Int)
        /// A known format, or a part of one, that is not read here.
        case unsupported
        /// No format that is known here.
        case unknownFormat
        /// A request for something that does not exist, such as weights that nobody published.
        case unavailable
        /// The network or the server failed.
        case network
        /// The bytes that arrived have another checksum than promised.
        case checksum
        /// The caller asked to stop.
        case cancelled
    }

    /// What kind of failure it is.
    public var kind: Kind
    /// The sentence.
    public var description: String

    /// Makes an error from its kind and the sentence for people.
    public init(_ kind: Kind, _ description: String) {
        self.kind = kind
        self.description = description
    }
}
