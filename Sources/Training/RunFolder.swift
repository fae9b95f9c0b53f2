import Foundation
import Glibc
import Machine
import Tasks
import Weights

/// The files of a run, in one folder that is worth keeping or posting as it is.
///
/// - `model/`: the best model (`model.json`, `model.safetensors`).
/// - `last/`: the model after the last epoch.
/// - `checkpoints/epoch-0010/`: where `checkpoint_frequency` asks for them.
/// - `hyperparameters.json`: every setting as it was resolved.
/// - `results.csv`: a row an epoch.
/// - `checkpoint.safetensors`: what `--resume` needs.
/// - `tensorboard/`: event files, where they were asked for.
/// - `report.html`: curves after every epoch; at the end the model's figures and its worst mistakes, too.
/// - `README.md`, `confusion_matrix.csv` or `precision_recall.csv`: the model card, at the end.
public struct RunFolder: Sendable {
    /// Its path.
    public let path: String

    /// Names a run folder; nothing is made yet.
    public init(_ path: String) { self.path = path.count > 1 && path.hasSuffix("/") ? String(path.dropLast()) : path }

    /// The file name of ``confusionMatrix``.
    public static let confusionMatrixName = "confusion_matrix.csv"
    /// The file name of ``precisionRecall``.
    public static let precisionRecallName = "precision_recall.csv"

    /// The best model.
    public var model: String { path + "/model" }
    /// The last model.
    public var last: String { path + "/last" }
    /// What a resumed run needs.
    public var checkpoint: String { path + "/checkpoint.safetensors" }
    /// A row an epoch.
    public var results: String { path + "/results.csv" }
    /// The settings.
    public var hyperparameters: String { path + "/hyperparameters.json" }
    /// The model card.
    public var card: String { path + "/README.md" }
    /// What names of TensorBoard's event files begin with.
    public static let tensorBoardPrefix = "events.out.tfevents."
    /// What names of those that a run has written end with.
    public static let tensorBoardSuffix = ".sightline"
    /// The folder of event files.
    public var tensorBoard: String { path + "/tensorboard" }
    /// The page about the run.
    public var report: String { path + "/report.html" }
    /// What was taken for what.
    public var confusionMatrix: String { path + "/" + Self.confusionMatrixName }
    /// How precision falls while recall rises.
    public var precisionRecall: String { path + "/" + Self.precisionRecallName }
    /// The weights of one epoch (from 1).
    public func epoch(_ epoch: Int) -> String {
        let digits = String(epoch)
        return path + "/checkpoints/epoch-" + String(repeating: "0", count: max(0, 4 - digits.count)) + digits
    }

    /// Whether a run has left something here.
    public var holdsRun: Bool {
        [checkpoint, results, model].contains { FileManager.default.fileExists(atPath: $0) }
    }

    /// Makes the folder.
    public func create() throws {
        do {
            try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
        } catch {
            throw TrainingError(.runFolder, "\(path) cannot be made: \(error.systemReason). Choose another --output.")
        }
    }

    /// What the page of a run says of itself in its head.
    public static let reportMark = "sightline run"

    /// Whether ``report`` is there, and no run has written it.
    public var holdsForeignReport: Bool { Self.isForeign(page: report, mark: Self.reportMark) }

    /// Whether a page is there that does not say of itself, in its first lines, that it is what `mark` says.
    public static func isForeign(page: String, mark: String) -> Bool {
        guard FileManager.default.fileExists(atPath: page) else { return false }
        let head = (try? FileHandle(forReadingAtPath: page)?.read(upToCount: 1024)) ?? Data()
        return !String(decoding: head, as: UTF8.self).contains("\"\(mark)\"")
    }

    /// Removes what a run has left, and nothing else, file by file: others may keep theirs in folders of the same names. The card stays until
    /// the next one replaces it: it may be somebody's own README.
    public func clear() throws {
        let epochs = path + "/checkpoints"
        let names = (try? FileManager.default.contentsOfDirectory(atPath: epochs)) ?? []
        let models = [model, last] + names.filter { $0.wholeMatch(of: /epoch-[0-9]{4,}/) != nil }.map { epochs + "/" + $0 }
        let files = models.flatMap { folder in [ModelFolder.weightsName, ModelFolder.descriptionName].map { folder + "/" + $0 } }
        let pages = holdsForeignReport ? [] : [report]
        let events = ((try? FileManager.default.contentsOfDirectory(atPath: tensorBoard)) ?? []).filter {
            $0.hasPrefix(Self.tensorBoardPrefix) && $0.hasSuffix(Self.tensorBoardSuffix)
        }
        .map { tensorBoard + "/" + $0 }
        for file in files + pages + events + [checkpoint, results, hyperparameters, confusionMatrix, precisionRecall]
        where FileManager.default.fileExists(atPath: file) {
            do {
                try FileManager.default.removeItem(atPath: file)
            } catch {
                throw TrainingError(.runFolder, "\(file) cannot be removed: \(error.systemReason)")
            }
        }
        // Those that are empty now.
        for folder in models + [epochs, tensorBoard] { rmdir(folder) }
    }

    /// Keeps other processes from training in the folder, which exists, as long as the answer is held. nil: a file system without locks.
    /// - Throws: ``TrainingError`` where another one does.
    func lock() throws -> FolderLock? {
        let descriptor = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0 else { return nil }
        let lock = FolderLock(descriptor)
        guard flock(descriptor, LOCK_EX | LOCK_NB) != 0 else { return lock }
        guard errno == EWOULDBLOCK else { return nil }
        throw TrainingError(
            .runFolder, "Another process is training in \(path). Wait for it or stop it, or choose another --output.")
    }

    /// Whether its settings are those of a run, which say what it has started from: of one that was killed before its first checkpoint.
    public var holdsOwnSettings: Bool {
        guard let bytes = FileManager.default.contents(atPath: hyperparameters) else { return false }
        return (try? JSONDecoder().decode([String: String].self, from: bytes))?["start"] != nil
    }

    /// Refuses to write over settings that no run has left.
    func checkSettingsAreOurs(_ values: [String: String]) throws {
        guard !holdsRun, !holdsOwnSettings, let bytes = FileManager.default.contents(atPath: hyperparameters),
            bytes != (try? Self.encoded(values))
        else { return }
        throw TrainingError(
            .runFolder,
            "\(hyperparameters) is there already, and no run with it. Choose another --output, or use --overwrite to replace it.")
    }

    /// Removes files that were being written when the process that wrote them was killed: each is as large as what it was to become.
    func removeUnfinished() {
        for folder in [path, model, last] {
            for name in (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? [] where Self.isUnfinished(name) {
                try? FileManager.default.removeItem(atPath: folder + "/" + name)
            }
        }
    }

    /// The temporary names of `writeAtomically`: `.NAME.PROCESS.NUMBER.tmp`.
    private static func isUnfinished(_ name: String) -> Bool {
        let parts = name.split(separator: ".", omittingEmptySubsequences: false)
        return parts.count >= 5 && parts[0].isEmpty && parts[parts.count - 1] == "tmp"
            && parts[(parts.count - 3)...(parts.count - 2)].allSatisfy { UInt64($0) != nil }
    }

    /// Writes the settings, sorted by name.
    public func write(hyperparameters values: [String: String]) throws {
        try writeAtomically([UInt8](Self.encoded(values)), to: hyperparameters)
    }

    private static func encoded(_ values: [String: String]) throws -> Data {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .prettyPrinted, .withoutEscapingSlashes]
        return try encoder.encode(values) + [0x0A]
    }

    /// Writes `results.csv` anew from the whole history, so that a resumed run leaves neither gaps nor doubled rows.
    public func write(results history: [EpochRecord]) throws {
        guard let first = history.first else { return }
        let header =
            ["epoch", "train/loss"] + first.training.map { "train/\($0.name)" } + first.validation.map { "validation/\($0.name)" }
            + ["learning_rate", "images_per_second", "seconds", "data_wait", "peak_memory_mb"]
        let rows = history.map { record in
            ["\(record.epoch)", fixed(record.trainingLoss, 6)] + record.training.map { fixed($0.value, 6) }
                + record.validation.map { fixed($0.value, 6) }
                + [
                    "\(record.learningRate)", fixed(record.imagesPerSecond, 2), fixed(record.seconds, 2), fixed(record.waitShare, 4),
                    fixed(Double(record.peakMemory) / 1_000_000, 1),
                ]
        }
        try writeAtomically(([header] + rows).map { $0.joined(separator: ",") }.joined(separator: "\n") + "\n", to: results)
    }
}

/// A locked folder. Letting go of it unlocks.
final class FolderLock {
    private let descriptor: Int32

    init(_ descriptor: Int32) { self.descriptor = descriptor }

    deinit { close(descriptor) }
}

private func fixed(_ value: Double, _ digits: Int) -> String { String(format: "%.\(digits)f", value) }
