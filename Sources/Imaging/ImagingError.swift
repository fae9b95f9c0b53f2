/// Why a picture could not be read, written or transformed.
///
/// The message is one or two sentences that say what was found and what to do. Imaging sees bytes and not files: callers
/// who know the name put it in front with ``naming(_:)``.
public struct ImagingError: Error, Sendable, Equatable, CustomStringConvertible {
    /// The sort of failure, for code that treats some of them alike (a damaged picture may be skipped, a wrong argument not).
    public enum Kind: Sendable, Equatable {
        /// No bytes, or bytes of something that is neither JPEG nor PNG.
        case notAPicture
        /// A JPEG or PNG that is cut off or damaged.
        case damaged
        /// More pixels than ``DecodeOptions/maximumPixels``.
        case tooLarge
        /// A valid picture of a sort that the request cannot use.
        case unsupported
        /// An argument outside its range.
        case invalidArgument
        /// The machine had no memory for the pixels.
        case outOfMemory
    }

    /// The sort of failure.
    public let kind: Kind
    /// What was found and what to do about it.
    public let description: String

    /// An error with its message.
    public init(_ kind: Kind, _ description: String) {
        self.kind = kind
        self.description = description
    }

    /// The same error with the picture's name in front: `cats/1.jpg: The JPEG is damaged …`.
    public func naming(_ name: String) -> ImagingError {
        ImagingError(kind, "\(name): \(description)")
    }
}
