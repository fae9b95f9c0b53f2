/// Why the server does not do what it was asked, as one or two sentences: which field, which value, what to do.
///
/// The only error type of this room. What other rooms throw about a picture or a model becomes one of these at the door.
public struct ServingError: Error, Sendable, Equatable, CustomStringConvertible {
    /// The sort of failure; each is answered with its own status.
    public enum Kind: String, Sendable, Equatable, CaseIterable {
        /// A setting of the server that can't be.
        case badSettings = "BadSettings"
        /// A request, a header or a picture that can't be read.
        case badRequest = "BadRequest"
        /// The bearer token is missing or wrong.
        case unauthorized = "Unauthorized"
        /// No such path, or no such model.
        case notFound = "NotFound"
        /// The path knows other methods.
        case methodNotAllowed = "MethodNotAllowed"
        /// None of the answers that `Accept` names can be given.
        case notAcceptable = "NotAcceptable"
        /// The request's body did not arrive in time.
        case requestTimeout = "RequestTimeout"
        /// A model of this name is loaded already.
        case conflict = "Conflict"
        /// More bytes or more pixels than allowed.
        case contentTooLarge = "ContentTooLarge"
        /// A content type that is no picture's.
        case unsupportedMediaType = "UnsupportedMediaType"
        /// More requests than the queue holds.
        case tooManyRequests = "TooManyRequests"
        /// Something failed that is not the client's fault.
        case internalError = "InternalError"
        /// Not ready, or the deadline is over.
        case unavailable = "ServiceUnavailable"
        /// The model does not fit into the memory that models may take.
        case insufficientMemory = "InsufficientMemory"
    }

    /// The sort of failure.
    public let kind: Kind
    /// What was found and what to do about it.
    public let description: String
    /// Seconds after which another try makes sense; nil: it does not.
    public let retryAfter: Int?
    /// Methods that the path knows.
    let allowed: [String]
    /// What only the server's log says.
    var detail: String?

    /// An error with its message.
    public init(_ kind: Kind, _ description: String, retryAfter: Int? = nil) {
        self.init(kind, description, retryAfter: retryAfter, allowed: [])
    }

    init(_ kind: Kind, _ description: String, retryAfter: Int? = nil, allowed: [String]) {
        self.kind = kind
        self.description = description
        self.retryAfter = retryAfter
        self.allowed = allowed
    }
}
