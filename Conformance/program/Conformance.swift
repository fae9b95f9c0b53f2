import ArgumentParser
import Networks
import Torch
import Weights

/// What `Conformance/torchvision/compare.py` asks of Sightline; that script's docstring is the contract.
@main
struct Conformance: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "sightline-conformance", abstract: "Forward passes and training steps for comparison with torchvision.",
        subcommands: [Forward.self, Step.self, DetectionStep.self, SegmentationStep.self])
}

/// What both commands read.
struct Files: ParsableArguments {
    @Option var weights: String
    @Option var input: String
    @Option var output: String

    func network() throws -> any ClassificationNetwork {
        try Runtime.prepare()
        let file = try WeightFile.read(weights)
        let network = try ClassificationArchitecture(of: file, source: weights).makeNetwork()
        try network.load(file, source: weights)
        return network
    }

    func images() throws -> Tensor { try tensor("images").channelsLast() }

    func tensor(_ name: String) throws -> Tensor {
        guard let array = try SafeTensors.read(input)[name] else { throw NetworkError("\(input) holds no tensor '\(name)'.") }
        return try Tensor(array)
    }
}

struct Forward: ParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Logits in evaluation mode.")
    @OptionGroup var files: Files

    func run() throws {
        let network = try files.network()
        network.train(false)
        let plan = try network.inferencePlan(precision: .float32, device: .cpu)
        let logits = try withInference { try plan(files.images()) }
        try SafeTensors.write([logits.weightArray(named: "logits")], to: files.output)
    }
}

struct Step: ParsableCommand {
    static let configuration = CommandConfiguration(abstract: "One training step: logits, loss, gradients and the weights after it.")
    @OptionGroup var files: Files
    @Option var labels: String
    @Option var learningRate: Double
    @Option var momentum: Double
    @Option var weightDecay: Double

    func run() throws {
        let network = try files.network()
        let classes = labels.split(separator: ",").compactMap { Int64($0) }
        let parameters = network.parameters
        let optimizer = try Optimizer(rule: .sgd(momentum: momentum), weightDecay: weightDecay, parameters: parameters)
        let logits = try network(files.images())
        let loss = try crossEntropy(logits, Tensor(classes))
        try loss.backward()
        var arrays = [try logits.weightArray(named: "logits"), try loss.weightArray(named: "loss")]
        for parameter in parameters {
            guard let gradient = parameter.tensor.gradient else { throw NetworkError("\(parameter.name) has no gradient.") }
            arrays.append(try gradient.weightArray(named: "grad.\(parameter.name)"))
        }
        try optimizer.step(learningRate: learningRate)
        arrays += try network.namedTensors.map { try $0.tensor.weightArray(named: "after.\($0.name)") }
        try SafeTensors.write(arrays, to: files.output)
    }
}
