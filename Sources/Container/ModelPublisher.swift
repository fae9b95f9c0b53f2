import Foundation
import Glibc
import Machine
import Training

/// Brings the best model of a run, and the checkpoints that `checkpoint_frequency` asked for, to where the platform takes the artifact
/// from. Whatever lies there when a job is stopped is what its user gets.
public final class ModelPublisher: TrainingObserver {
    private let folder: RunFolder
    private let target: String

    /// - Parameters:
    ///   - folder: where the run writes.
    ///   - target: `/opt/ml/model`.
    public init(_ folder: RunFolder, to target: String) {
        self.folder = folder
        self.target = target
    }

    /// Publishes after every epoch. What fails then is tried again at the end, where it is an error.
    public func handle(_ event: TrainingEvent) {
        switch event {
        // A resumed run's best epoch may lie behind it.
        case .started, .savedBest, .epochEnded: try? publish()
        default: break
        }
    }

    /// Whether there is anything to publish.
    public var hasModel: Bool { FileManager.default.fileExists(atPath: folder.model) }

    /// Publishes what there is.
    /// - Throws: ``ContainerError`` where a file can't be written.
    public func publish() throws {
        guard hasModel else { return }
        // The weights, which are enough to load a model, come first; each file is whole or absent.
        for name in try names(in: folder.model).sorted(by: >) { try place(folder.model + "/" + name, at: target + "/" + name) }
        let checkpoints = folder.path + "/checkpoints"
        for epoch in (try? names(in: checkpoints)) ?? [] where epoch.hasPrefix("epoch-") {
            for name in try names(in: "\(checkpoints)/\(epoch)") {
                let path = "\(target)/checkpoints/\(epoch)/\(name)"
                if !FileManager.default.fileExists(atPath: path) { try place("\(checkpoints)/\(epoch)/\(name)", at: path) }
            }
        }
    }

    private func names(in folder: String) throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: folder).filter { !$0.hasPrefix(".") }
    }

    private func place(_ source: String, at path: String) throws {
        try PublishedFile.place(source, at: path)
    }
}

/// A file that is brought to another folder whole.
public enum PublishedFile {
    /// Links a file under another name, or copies it where the file system can't: writers here replace files by renaming and never change
    /// them, so a link is as good as a copy.
    /// - Throws: ``ContainerError`` with the system's reason.
    public static func place(_ source: String, at path: String) throws {
        let folder = (path as NSString).deletingLastPathComponent
        let temporary = "\(folder)/.\((path as NSString).lastPathComponent).\(getpid()).tmp"
        do {
            try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
            unlink(temporary)
            if link(source, temporary) != 0 { try FileManager.default.copyItem(atPath: source, toPath: temporary) }
        } catch {
            unlink(temporary)
            throw ContainerError(
                at: path, "it cannot be written: \(error.systemReason)", remedy: "check that the volume is writable and has room")
        }
        let failed = rename(temporary, path) != 0
        let reason = errno
        // Two names of one file are not renamed into each other: both stay.
        unlink(temporary)
        if failed {
            throw ContainerError(
                at: path, "it cannot be written: \(String(cString: strerror(reason)))", remedy: "check that the volume is writable")
        }
    }
}
