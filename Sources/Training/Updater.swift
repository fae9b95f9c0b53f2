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
    /// In float16: what the loss is multiplied by.
    let scaler: LossScaler?
    private let task: Job
    private let dropouts: [Dropout]
    private let ranks: RankGroup?
    private let reducer: GradientReducer?
    /// Mini-batches, turn by turn, whose figures were not read yet: reading waits for the device.
    private var pending: [[StepOutput]] = []

    /// `scalesLoss`: whether it is done though products are not in float16.
    init(_ task: Job, optimizer: Optimizer, scalesLoss: Bool, ranks: RankGroup?) throws {
        self.task = task
        scaler = scalesLoss || task.precision == .float16 ? try LossScaler(on: task.device) : nil
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

    /// One update. Nothing here waits for a GPU, apart from what ``Optimizer/step(learningRate:scaler:)`` says.
    /// - Parameters:
    ///   - first: the mini-batch, or the first turn at it.
    ///   - next: the following turns.
    ///   - number: of the update, from 0.
    func update(
        with first: Job.Builder.Batch, then next: () throws -> Job.Builder.Batch, number: Int, learningRate: Double
    ) throws {
        // Mini-batches are of one size.
        let (outputs, scale) = try Runtime.searchingAlgorithms(on: task.device) { try passes(first, then: next, number: number) }
        try finish(scale)
        try optimizer.step(learningRate: learningRate, scaler: scaler)
        optimizer.clearGradients()
        pending.append(outputs)
    }

    /// Forward and backward passes of all turns; gives what the gradients that they leave are to be multiplied by.
    private func passes(
        _ first: Job.Builder.Batch, then next: () throws -> Job.Builder.Batch, number: Int
    ) throws -> (outputs: [StepOutput], scale: GradientScale) {
        var outputs: [StepOutput] = []
        var terms = TermCount.known(0)
        var scale = GradientScale.number(1)
        for turn in 0..<turns {
            let batch = turn == 0 ? first : try next()
            // What is dropped depends on nothing else, so a resumed run drops what it would have dropped.
            for layer in dropouts { (layer.update, layer.firstExample) = (number, firstExample(turn)) }
            let output = try withAutocast(to: task.precision, on: task.device) { try task.step(batch) }
            if isShared {
                let count = try TermCount(output, on: task.device)
                let expected = Double(updateSize) * (output.terms?.anExample ?? 1)
                terms = try terms + count
                let loss = try count.weighted(output.loss, expected: expected)
                if turn == turns - 1 {
                    scale = try lastBackward(loss, terms).correction(expected: expected)
                } else {
                    try backward(loss)
                }
            } else {
                try backward(output.loss)
            }
            outputs.append(try output.withoutGraph)
        }
        return (outputs, scale)
    }

    /// Examples of the update before those of a turn here.
    private func firstExample(_ turn: Int) -> Int {
        let share = task.share.training
        let others = share.machines == 1 ? (ranks?.hosts.index ?? 0) * task.miniBatchSize : 0
        return others + share.slots(of: share.batchSize(task.miniBatchSize), piece: turn).lowerBound
    }

    private func backward(_ loss: Tensor) throws { try (scaler?.scaled(loss) ?? loss).backward() }

    /// The backward pass behind which all parts meet. `terms`: what this process's parts are means over. Gives all processes' terms.
    private func lastBackward(_ loss: Tensor, _ terms: TermCount) throws -> TermCount {
        guard let ranks, let reducer else {
            try backward(loss)
            return terms
        }
        let all: Tensor
        switch terms {
        case .known(let count): all = try Tensor([count], shape: [1])
        case .pending(let count): all = try count.clone()
        }
        let sum = try ranks.startSum(all)
        reducer.arm()
        try ranks.calling {
            try backward(loss)
            try sum.wait()
        }
        guard case .known = terms else { return .pending(all) }
        return .known(try all.item())
    }

    /// Leaves the gradients of the whole mini-batch's mean.
    private func finish(_ scale: GradientScale) throws {
        if let reducer, let ranks {
            try ranks.calling {
                switch scale {
                case .number(let factor): try reducer.finish(scale: factor)
                case .tensor(let factor): try reducer.finish(scale: factor)
                }
            }
        } else {
            switch scale {
            case .number(1): break
            case .number(let factor): try optimizer.scaleGradients(by: factor)
            case .tensor(let factor): try optimizer.scaleGradients(by: factor)
            }
        }
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
