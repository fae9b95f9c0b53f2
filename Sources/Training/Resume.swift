import Foundation
import Weights

/// What to do about a run that has left something in the output folder.
public enum ResumePolicy: Sendable {
    /// A folder with a run in it is refused.
    case fresh
    /// What a run has left is removed first.
    case overwrite
    /// An interrupted run goes on; where there is none, a fresh one begins.
    case resume
}

extension RunFolder {
    /// Refuses a folder that holds a run: for a fresh one it must be free. Worth asking before long preparations.
    /// - Throws: ``TrainingError``.
    public func checkIsFree() throws {
        guard !holdsRun else {
            throw TrainingError(
                .runFolder, "\(path) holds a run already. Use --resume to go on with it, --overwrite to replace it, or another --output.")
        }
    }

    /// Decides how a run begins: nil for a fresh one, or the checkpoint from which it goes on.
    /// - Throws: ``TrainingError`` where the folder holds a run that must not be lost, that is finished, or whose settings differ.
    func prepare(_ policy: ResumePolicy, settings: TrainingSettings) throws -> Checkpoint? {
        switch policy {
        case .fresh:
            try checkIsFree()
            removeUnfinished()
            return nil
        case .overwrite:
            removeUnfinished()
            try clear()
            return nil
        case .resume:
            removeUnfinished()
            guard FileManager.default.fileExists(atPath: checkpoint) else {
                guard !holdsRun else {
                    throw TrainingError(
                        .runFolder,
                        "\(path) holds a run without its checkpoint.safetensors, so it can't be resumed. Use --overwrite or another --output."
                    )
                }
                return nil
            }
            let found = try Checkpoint(reading: checkpoint)
            try check(found.progress, settings)
            return found
        }
    }

    private func check(_ progress: RunProgress, _ settings: TrainingSettings) throws {
        // More epochs extend a run, and a label's width changes nothing that is learned.
        let names = Set(progress.fingerprint.keys).union(settings.fingerprint.keys).subtracting(["epochs", "label_width"]).sorted()
        let changed = names.filter { name in
            // Runs of earlier versions have not kept them.
            if [TrainingSettings.classes, TrainingSettings.validation].contains(name), progress.fingerprint[name] == nil { return false }
            return progress.fingerprint[name] != settings.fingerprint[name]
        }
        guard changed.isEmpty else {
            let list = changed.map {
                "  - \($0): was \(progress.fingerprint[$0] ?? "not set"), now \(settings.fingerprint[$0] ?? "not set")"
            }
            throw TrainingError(
                .runFolder,
                "\(path) was started with other settings:\n" + list.joined(separator: "\n")
                    + "\nTo resume, give the same ones. To train on from its weights with new ones, use --model \(shellQuoted(model)) and another --output."
            )
        }
        let done = progress.epoch
        if progress.stoppedEarly {
            throw TrainingError(
                .finished,
                "The run in \(path) is finished: it stopped early after \(done) epoch\(done == 1 ? "" : "s"). To train on, use --model \(shellQuoted(model)) and another --output."
            )
        }
        guard settings.epochs > done else {
            throw TrainingError(
                .finished,
                "The run in \(path) is finished: \(done) epoch\(done == 1 ? " is" : "s are") done. "
                    + "To extend it, add -p epochs=N with N above \(done).")
        }
    }
}
