import ArgumentParser
import Networks
import Torch
import Weights

struct SegmentationStep: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "segmentation",
        abstract: "A segmentation network's prepared scores, and scores, loss and gradients of one training step.")
    @OptionGroup var files: Files

    func run() throws {
        try Runtime.prepare()
        let weights = try WeightFile.read(files.weights)
        let network = try SegmentationArchitecture(of: weights, source: files.weights)
            .makeNetwork(hasAuxiliary: SegmentationArchitecture.hasAuxiliary(weights))
        try network.load(weights, source: files.weights)
        let (images, masks) = try (files.images(), files.tensor("masks").to(.uint8))
        func enlarged(_ scores: Tensor) throws -> Tensor { try resizeBilinear(scores, height: images.shape[2], width: images.shape[3]) }

        let plan = try network.inferencePlan(precision: .float32, device: .cpu)
        let prepared = try withInference { try enlarged(plan(images)) }
        for layer in network.dropouts { layer.rate = 0 }
        let output = try network(images)
        var arrays = try [prepared.weightArray(named: "prepared"), enlarged(output.logits).weightArray(named: "logits")]
        var loss = try segmentationLoss(output.logits, targets: masks).loss
        if let auxiliary = output.auxiliary {
            arrays.append(try enlarged(auxiliary).weightArray(named: "auxiliary"))
            loss = try loss + segmentationLoss(auxiliary, targets: masks).loss * 0.5
        }
        try loss.backward()
        arrays.append(try loss.weightArray(named: "loss"))
        for parameter in network.parameters {
            guard let gradient = parameter.tensor.gradient else { throw NetworkError("\(parameter.name) has no gradient.") }
            arrays.append(try gradient.weightArray(named: "grad.\(parameter.name)"))
        }
        try SafeTensors.write(arrays, to: files.output)
    }
}
