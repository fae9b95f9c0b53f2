import Foundation

/// What is wrong with a dataset or with how it was asked for, as one sentence: where, what, which value, what to do.
///
/// The only error type of this room. Failures of a ``BatchBuilder`` pass through ``BatchLoader`` unchanged.
public struct DatasetError: Error, Sendable, Equatable, CustomStringConvertible, LocalizedError {
    /// Which part of the work failed, for callers that react differently.
    public enum Kind: Sendable, Equatable {
        /// A file or folder is missing or cannot be read.
        case unreadable
        /// A file is there but its content breaks its format.
        case malformed
        /// A label is out of range, or labels and records do not fit together.
        case label
        /// Class names or class counts of data, model and hyperparameters disagree.
        case classes
        /// An argument of the caller (batch size, fraction, sample count, …) cannot be used.
        case argument
        /// The loader was cancelled.
        case cancelled
    }

    /// Which part of the work failed.
    public let kind: Kind
    /// Where: a path, `file:line`, or the name of an argument.
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
    public var description: String {
        remedy.isEmpty ? "\(place): \(problem)" : "\(place): \(problem); \(remedy)"
    }

    /// The same sentence as ``description``.
    public var errorDescription: String? { description }
}
