import ArgumentParser
import Networks
import Torch
import Weights

struct DetectionStep: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "detection", abstract: "An SSD's prepared outputs, and outputs, loss and gradients of one training step.")
    @OptionGroup var files: Files

    func run() throws {
        try Runtime.prepare()
        let weights = try WeightFile.read(files.weights)
        let network = try DetectionArchitecture(of: weights, source: files.weights).makeNetwork()
        try network.load(weights, source: files.weights)
        let images = try files.images()

        let plan = try network.inferencePlan(precision: .float32, device: .cpu)
        let prepared = try withInference { try plan(images) }
        let output = try network(images)
        let loss =
            try (output.logits * files.tensor("coefficients.logits")).sum()
            + (output.offsets * files.tensor("coefficients.offsets")).sum()
        try loss.backward()
        var arrays = try [
            prepared.logits.weightArray(named: "prepared.logits"), prepared.offsets.weightArray(named: "prepared.offsets"),
            output.logits.weightArray(named: "logits"), output.offsets.weightArray(named: "offsets"), loss.weightArray(named: "loss"),
            network.anchors.tensor(on: .cpu).weightArray(named: "anchors"),
        ]
        for parameter in network.parameters {
            guard let gradient = parameter.tensor.gradient else { throw NetworkError("\(parameter.name) has no gradient.") }
            arrays.append(try gradient.weightArray(named: "grad.\(parameter.name)"))
        }
        try SafeTensors.write(arrays, to: files.output)
    }
}
