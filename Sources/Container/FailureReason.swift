import Datasets
import Foundation
import Glibc
import Imaging
import Launch
import Machine
import Networks
import Storage
import Tasks
import Torch
import Training
import Weights

/// Why a job failed, as the platform shows it: `ClientError: ` for what the user can mend — data, settings, a machine that is too small —
/// and `AlgorithmError: ` for what is ours.
public struct FailureReason: Sendable, Equatable, CustomStringConvertible {
    /// Characters of the file that the platform shows.
    public static let shownCharacters = 1024

    /// Whether the user can mend it.
    public let isClients: Bool
    /// A sentence.
    public let sentence: String

    /// A reason in words.
    public init(isClients: Bool, _ sentence: String) {
        self.isClients = isClients
        self.sentence = sentence
    }

    /// The reason of an error.
    public init(_ error: any Error) {
        let isClients =
            switch error {
            case is ContainerError, is DatasetError, is StorageError, is TaskError, is NetworkError, is ImagingError, is WeightsError,
                is TrainingError, is LaunchError:
                true
            case let error as TorchError: error.description.hasPrefix("out of memory") || error.description.hasPrefix("device ")
            default: false
            }
        self.init(isClients: isClients, "\(error)")
    }

    /// The text of the file.
    public var description: String { (isClients ? "ClientError: " : "AlgorithmError: ") + sentence }

    /// What the log says.
    public var logLine: String { (isClients ? "Customer Error: " : "Algorithm Error: ") + sentence }

    /// Writes the file `output/failure`.
    /// - Throws: ``ContainerError`` or `WeightsError` with the system's reason.
    public func write(to path: String) throws {
        let folder = (path as NSString).deletingLastPathComponent
        do {
            try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        } catch {
            throw ContainerError(at: folder, "it cannot be made: \(error.systemReason)", remedy: "")
        }
        try writeAtomically(description, to: path)
    }
}
