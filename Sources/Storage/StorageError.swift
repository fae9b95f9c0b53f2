import Foundation

/// What went wrong between the program and a place that keeps bytes, as one sentence: where, what, what to do.
///
/// The only error type of this room.
public struct StorageError: Error, Sendable, Equatable, CustomStringConvertible, LocalizedError {
    /// Which part of the work failed, for callers that react differently.
    public enum Kind: Sendable, Equatable {
        /// A location is not written as one.
        case location
        /// There is no such file, bucket or object.
        case missing
        /// The place refuses this user: rights, credentials, signature.
        case denied
        /// The place could not be reached, or broke off, more often than is tried.
        case unreachable
        /// The bytes changed, or are not as many as promised.
        case damaged
        /// The local system refuses: a full disk, too many open files.
        case system
        /// The caller wanted to stop.
        case cancelled
    }

    /// Which part of the work failed.
    public let kind: Kind
    /// Where: a path, an `s3://` location, or the name of a setting.
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

    /// The same sentence as ``description``.
    public var errorDescription: String? { description }
}
