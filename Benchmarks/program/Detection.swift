import ArgumentParser
import Networks
import Torch

/// A detector on random images that lie in memory: training steps with a plain loss, or the prepared network.
///
/// The loss is a mean of squares, so that the network is measured and not the assignment of targets.
struct Detection: ParsableCommand {
    static let configuration = CommandConfiguration(abstract: "SSD training steps and inference on images in memory.")
    @OptionGroup var measure: Measure
    @Argument(help: "training or inference.") var task: String
    @Option(help: "vgg-16, resnet-18, resnet-34, resnet-50 or resnet-101.") var base = "vgg-16"
    @Option(help: "Side of the images in pixels, at least 300.") var size = 300
    @Option(help: "Classes without the background.") var classes = 20
    @Option(help: "Images at once.") var batch = 4
    @Option(help: "float32 or bfloat16.") var precision = "bfloat16"
    @Option(help: "Parameters to freeze, as freeze_layer_pattern.") var freeze = ""
    @Option var device = "cpu"

    func run() throws {
        try Runtime.prepare()
        Runtime.threads = measure.threads
        let device = try Device(parsing: self.device)
        let architecture = try DetectionArchitecture(base: base, classes: classes, size: size)
        let network = try architecture.makeNetwork()
        try network.move(to: device)
        let dtype: DType = precision == "bfloat16" ? .bfloat16 : .float32
        let facts = [
            "task": "detection \(task)", "network": architecture.name, "precision": precision, "device": device.description,
            "frozen": freeze,
        ]
        let input = try Tensor.randomNormal([batch, 3, size, size], seed: 1).channelsLast().to(device)
        guard task == "training" else {
            network.train(false)
            let plan = try network.inferencePlan(precision: dtype, device: device)
            return try withInference {
                try measure.run(facts, images: batch, device: device) { _ = try plan(input) }
            }
        }
        try network.freeze(network.parameters(matching: freeze, otherNames: architecture.mxnetNames))
        let optimizer = try Optimizer(rule: .sgd(momentum: 0.9), weightDecay: 5e-4, parameters: network.learningParameters)
        try measure.run(facts, images: batch, device: device) {
            let output = try withAutocast(to: dtype, on: device) { try network(input.to(dtype)) }
            let loss = try (output.logits * output.logits).mean() + (output.offsets * output.offsets).mean()
            try loss.backward()
            try optimizer.step(learningRate: 0.001)
            optimizer.clearGradients()
        }
    }
}
