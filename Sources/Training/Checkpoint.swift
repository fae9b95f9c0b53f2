import Foundation
import Networks
import Tasks
import Torch
import Weights

/// Where a run stands, apart from its tensors.
struct RunProgress: Codable {
    /// Epochs that are complete.
    var epoch = 0
    /// Steps of the next epoch that are done.
    var step = 0
    /// Updates since the beginning.
    var updates = 0
    var optimizerSteps = 0
    var lastLearningRate: Double?
    /// What the epoch has added up so far.
    var running = RunningSums()
    var history: [EpochRecord] = []
    var best: MetricValue?
    var bestEpoch: Int?
    /// Whether the run came to its own end, by epochs or by early stopping.
    var finished = false
    var stoppedEarly = false
    /// The settings that the run was started with.
    var fingerprint: [String: String] = [:]
    /// Examples of an update; nil in checkpoints from before several hosts could train.
    var updateSize: Int?
}

extension RunProgress {
    /// As JSON, with infinities and what is no number.
    func bytes() throws -> [UInt8] {
        let encoder = JSONEncoder()
        encoder.nonConformingFloatEncodingStrategy = .convertToString(positiveInfinity: "inf", negativeInfinity: "-inf", nan: "nan")
        encoder.outputFormatting = .sortedKeys
        return [UInt8](try encoder.encode(self))
    }

    /// - Throws: what the decoder throws.
    init(bytes: [UInt8]) throws {
        let decoder = JSONDecoder()
        decoder.nonConformingFloatDecodingStrategy = .convertFromString(positiveInfinity: "inf", negativeInfinity: "-inf", nan: "nan")
        self = try decoder.decode(RunProgress.self, from: Data(bytes))
    }

    /// Goes on with updates of another size, as where other hosts train than before: what was seen of the epoch stays seen.
    /// `stepsPerEpoch`: updates an epoch from now on; nil: unknown.
    mutating func adopt(updateSize size: Int, stepsPerEpoch: Int?) {
        defer { updateSize = size }
        guard let old = updateSize, old != size else { return }
        step = step * old / size
        if let stepsPerEpoch { step = min(step, stepsPerEpoch) }
        updates = stepsPerEpoch.map { epoch * $0 + step } ?? updates * old / size
    }
}

/// Sums over the part of an epoch that is done.
struct RunningSums: Codable {
    var loss = 0.0
    var examples = 0
    var sums: [MetricValue] = []
    var weight = 0
    var seconds = 0.0
    var waited = 0.0
}

extension RunningSums {
    var meanLoss: Double { examples > 0 ? loss / Double(examples) : 0 }
    mutating func add(_ figures: UpdateFigures) {
        loss += figures.loss * Double(figures.examples)
        examples += figures.examples
        weight += figures.weight
        let old = sums
        sums = figures.sums.enumerated().map { index, sum in
            MetricValue(sum.name, (old.indices.contains(index) ? old[index].value : 0) + sum.value)
        }
    }

    var means: [MetricValue] { sums.map { MetricValue($0.name, weight > 0 ? $0.value / Double(weight) : 0) } }
}

/// The state of a run in one file: weights, optimiser state and progress. It is readable or absent.
struct Checkpoint {
    private static let progressKey = "progress"

    static func write(
        _ progress: RunProgress, network: any Module, optimizer: Optimizer, scaler: [(name: String, tensor: Tensor)] = [], to path: String
    ) throws {
        let text = String(decoding: try progress.bytes(), as: UTF8.self)
        let weights = try network.weightArrays().map { array in
            var array = array
            array.name = "model/" + array.name
            return array
        }
        let state =
            try optimizer.state.map { try $0.tensor.weightArray(named: "optimizer/" + $0.name) }
            + scaler.map { try $0.tensor.weightArray(named: "scaler/" + $0.name) }
        try SafeTensors.write(weights + state, metadata: [progressKey: text], to: path)
    }

    let progress: RunProgress
    private let arrays: WeightDictionary
    private let path: String

    /// - Throws: ``TrainingError`` or `WeightsError` where the file is no checkpoint.
    init(reading path: String) throws {
        arrays = try SafeTensors.read(path)
        self.path = path
        guard let text = arrays.metadata[Self.progressKey], let progress = try? RunProgress(bytes: [UInt8](text.utf8))
        else {
            throw TrainingError(.runFolder, "\(path) is no checkpoint of a run. Remove it, or choose another --output.")
        }
        self.progress = progress
    }

    /// Puts the state into a network and an optimiser of the same making.
    func restore(network: any Module, optimizer: Optimizer, scaler: [(name: String, tensor: Tensor)] = []) throws {
        try withoutGradient {
            for named in network.namedTensors { try fill(named.tensor, from: "model/" + named.name) }
            for slot in optimizer.state { try fill(slot.tensor, from: "optimizer/" + slot.name) }
            // Checkpoints of float16 runs from before losses were scaled hold none: their scale begins anew.
            for part in scaler where arrays["scaler/" + part.name] != nil { try fill(part.tensor, from: "scaler/" + part.name) }
        }
        optimizer.stepCount = progress.optimizerSteps
        optimizer.lastLearningRate = progress.lastLearningRate
    }

    private func fill(_ tensor: Tensor, from name: String) throws {
        guard let array = arrays[name], array.shape == tensor.shape else {
            throw TrainingError(
                .runFolder, "\(path) lacks \(name), or holds it in another shape: it belongs to another network or optimizer.")
        }
        try tensor.copy(from: Tensor(array))
    }
}
