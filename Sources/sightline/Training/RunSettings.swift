import Reporting
import Torch
import Training

/// A run of training as a door of the program asks for it — the command line, or a container's files — apart from its task and its data.
struct RunSettings {
    /// Where the weights come from, unless the hyperparameters ask for ImageNet's.
    enum Start {
        case fresh
        /// All layers of this model, which is trained on.
        case model(String)
        /// These weights; what depends on the classes starts fresh.
        case weights(String)
    }

    /// Where it writes.
    var folder: RunFolder
    /// As they were given, by SageMaker's names.
    var hyperparameters: [String: String]
    var start = Start.fresh
    /// What to do about a run that lies in the folder.
    var policy: ResumePolicy
    /// Where it trains.
    var device: Device
    /// The processes that train together; nil: this one is alone.
    var ranks: RankGroup?
    /// In how many turns each process works on its part of a mini-batch.
    var turns = 1
    /// Whether batch normalisation takes its statistics over all processes, whatever the task's hyperparameters say.
    var sharesNormStatistics = false
    /// Threads that read images; nil: a default for this machine.
    var workers: Int?
    /// The most minutes of training that a crash can cost; 0: as much as an epoch.
    var checkpointMinutes = Self.standardCheckpointMinutes
    /// Images that can't be read and are left out, at most.
    var unreadableLimit = 0
    /// Names for classes that come as numbers.
    var classNames: [String]?
    /// Writes a model of an interrupted run even where no epoch has ended.
    var keepsModelWhenInterrupted = false
    /// Whether the run is only looked at.
    var isDry = false
    /// Whether downloads are shown.
    var showsDownloads = true
    /// Who is told of the run.
    var listeners: (RunContext) -> RunListeners

    /// Whether this process sees a part of the images only.
    var isPart: Bool { ranks?.world.processes ?? 1 > 1 }

    /// Writing takes a second or less, so that this costs no time worth speaking of.
    static let standardCheckpointMinutes = 10.0

    /// Makes a machine's mini-batch no larger than what there is for it, where several train; one alone sees to that itself.
    ///
    /// `count`: this host's training images. `isSharded`: whether each host has its own.
    /// - Returns: what a user should know of it.
    func fit(_ miniBatchSize: inout Int, images count: Int?, isSharded: Bool) throws -> [String] {
        guard let ranks, ranks.hosts.count > 1 else { return [] }
        let hosts = ranks.hosts.count
        guard let most = isSharded ? try ranks.fewest(count) : count.map({ $0 / hosts }), most >= 1, most < miniBatchSize else { return [] }
        let note =
            isSharded
            ? "mini_batch_size \(miniBatchSize) is more than the \(most) training images of one host: \(most) is used on each."
            : "mini_batch_size \(miniBatchSize) on \(hosts) hosts is more than the \(count ?? 0) training images: \(most) is used on each."
        miniBatchSize = most
        return [note]
    }

    /// Pretrained weights and other weights can't both be the start.
    func refuseSecondStart() throws {
        guard case .fresh = start else {
            throw Failure.usage("use_pretrained_model is 1, and --model or --pretrained is given too. Give one of them.")
        }
    }
}

/// Who is told of a run.
struct RunListeners {
    var observers: [any TrainingObserver]
    /// Takes what a user should know before training begins, a sentence at a time.
    var note: (String) -> Void
    /// Called where the run breaks off, before its error is told.
    var close: () -> Void = {}
}
