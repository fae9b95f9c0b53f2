import Datasets
import Networks
import Tasks
import Torch

/// What a mini-batch came to.
struct UpdateFigures {
    /// The mean loss.
    var loss: Double
    /// Sums of the metrics.
    var sums: [MetricValue]
    /// What these are divided by.
    var weight: Int
    var examples: Int
}

/// Changes the weights by one mini-batch after another: forward pass, loss, backward pass, optimiser.
///
/// A mini-batch may be worked on in turns, and by several processes. Then each part's loss counts by what it is a mean over, and the
/// gradients are added up to exactly those of the whole.
final class Updater<Job: TrainingTask> {
    let optimizer: Optimizer
    private let task: Job
    private let dropouts: [Dropout]
    private let ranks: RankGroup?
    private let reducer: GradientReducer?
    /// Mini-batches, turn by turn, whose figures were not read yet: reading waits for the device.
    private var pending: [[StepOutput]] = []

    init(_ task: Job, optimizer: Optimizer, ranks: RankGroup?) throws {
        self.task = task
        self.optimizer = optimizer
        self.ranks = ranks
        dropouts = task.network.dropouts
        reducer = try ranks?.reducer(of: task.network.learningParameters.map(\.tensor))
    }

    private var turns: Int { task.share.training.pieces }
    /// Whether a mini-batch is put together from parts.
    private var isShared: Bool { ranks != nil || turns > 1 }
    /// Examples of an update, whoever works on them.
    private var updateSize: Int { task.miniBatchSize * (ranks?.hosts.count ?? 1) }

    /// One update. Nothing here waits for the device where one process does all of it.
    /// - Parameters:
    ///   - first: the mini-batch, or the first turn at it.
    ///   - next: the following turns.
    ///   - number: of the update, from 0.
    func update(
        with first: Job.Builder.Batch, then next: () throws -> Job.Builder.Batch, number: Int, learningRate: Double
    ) throws {
        var outputs: [StepOutput] = []
        var terms = 0.0
        var scale = 1.0
        for turn in 0..<turns {
            let batch = turn == 0 ? first : try next()
            // What is dropped depends on nothing else, so a resumed run drops what it would have dropped.
            for layer in dropouts { (layer.update, layer.firstExample) = (number, firstExample(turn)) }
            let output = try withAutocast(to: task.precision, on: task.device) { try task.step(batch) }
            if isShared {
                let count = try output.termCount
                let expected = Double(updateSize) * (output.terms?.anExample ?? 1)
                terms += count
                let loss = try output.loss * (count / expected)
                if turn == turns - 1 { scale = try expected / lastBackward(loss, terms) } else { try loss.backward() }
            } else {
                try output.loss.backward()
            }
            outputs.append(try output.withoutGraph)
        }
        if let reducer, let ranks {
            try ranks.calling { try reducer.finish(scale: scale) }
        } else if scale != 1 {
            try optimizer.scaleGradients(by: scale)
        }
        try optimizer.step(learningRate: learningRate)
        optimizer.clearGradients()
        pending.append(outputs)
    }

    /// Examples of the update before those of a turn here.
    private func firstExample(_ turn: Int) -> Int {
        let share = task.share.training
        let others = share.machines == 1 ? (ranks?.hosts.index ?? 0) * task.miniBatchSize : 0
        return others + share.slots(of: share.batchSize(task.miniBatchSize), piece: turn).lowerBound
    }

    /// The backward pass behind which all parts meet. `terms`: what this process's parts are means over. Gives all processes' terms.
    private func lastBackward(_ loss: Tensor, _ terms: Double) throws -> Double {
        guard let ranks, let reducer else {
            try loss.backward()
            return max(1, terms)
        }
        let all = try Tensor([terms], shape: [1])
        let sum = try ranks.startSum(all)
        reducer.arm()
        try ranks.calling {
            try loss.backward()
            try sum.wait()
        }
        return max(1, try all.item())
    }

    // MARK: Figures

    /// The figures of finished mini-batches, in order, those of all processes together; none where fewer than `count` wait.
    func figures(unlessFewerThan count: Int) throws -> [UpdateFigures] {
        guard pending.count >= count else { return [] }
        defer { pending = [] }
        return try pending.map { outputs in
            guard isShared else { return try outputs[0].figures }
            return try combined(outputs)
        }
    }

    private func combined(_ outputs: [StepOutput]) throws -> UpdateFigures {
        var sums = [Double](repeating: 0, count: 4 + outputs[0].lossParts.count + outputs[0].sums.count)
        for output in outputs {
            let terms = try output.termCount
            let means = try [output.loss.item() * terms] + output.lossParts.map { try $0.mean.item() * terms }
            let values = try [terms, Double(output.examples), Double(output.weight)] + means + output.sums.map { try $0.sum.item() }
            for index in values.indices { sums[index] += values[index] }
        }
        if let ranks { sums = try ranks.sums(sums) }
        let (terms, weight, parts) = (max(1, sums[0]), sums[2], outputs[0].lossParts)
        let named =
            parts.enumerated().map { MetricValue($0.element.name, sums[4 + $0.offset] / terms * weight) }
            + outputs[0].sums.enumerated().map { MetricValue($0.element.name, sums[4 + parts.count + $0.offset]) }
        return UpdateFigures(loss: sums[3] / terms, sums: named, weight: Int(weight), examples: Int(sums[1]))
    }
}

extension StepOutput {
    /// What the loss is a mean over: what was counted, or the examples.
    fileprivate var termCount: Double { get throws { try terms?.count.item() ?? Double(examples) } }

    /// The same, letting go of the graph.
    fileprivate var withoutGraph: StepOutput {
        get throws {
            StepOutput(loss: try loss.detached(), sums: sums, lossParts: lossParts, weight: weight, examples: examples, terms: terms)
        }
    }

    /// The figures of a mini-batch that is one part.
    fileprivate var figures: UpdateFigures {
        get throws {
            let parts = try lossParts.map { MetricValue($0.name, try $0.mean.item() * Double(weight)) }
            let sums = try sums.map { MetricValue($0.name, try $0.sum.item()) }
            return UpdateFigures(loss: try loss.item(), sums: parts + sums, weight: weight, examples: examples)
        }
    }
}
