import ArgumentParser
import Networks
import Torch

/// Forward, backward and update on random images that lie in memory.
struct TrainingStep: ParsableCommand {
    static let configuration = CommandConfiguration(commandName: "training", abstract: "Training steps on images in memory.")
    @OptionGroup var measure: Measure
    @Option(help: "Layers: 18…200, or 20…110 for the CIFAR family.") var layers = 50
    @Option(help: "Side of the images in pixels.") var size = 224
    @Option(help: "Images in a step.") var batch = 16
    @Option(help: "float32 or bfloat16.") var precision = "bfloat16"
    @Option var device = "cpu"

    func run() throws {
        try Runtime.prepare()
        Runtime.threads = measure.threads
        let device = try Device(parsing: self.device)
        let architecture = try ClassificationArchitecture(
            depth: layers, classes: layers < 18 || CIFARResNet.depths.contains(layers) ? 10 : 1000)
        let network = try architecture.makeNetwork()
        try network.move(to: device)
        let optimizer = try Optimizer(rule: .sgd(momentum: 0.9), weightDecay: 1e-4, parameters: network.parameters)
        let reduced: DType? = precision == "bfloat16" ? .bfloat16 : nil
        let pixels = try Tensor.randomUniform([batch, size, size, 3], in: 0...255, seed: 1).to(.uint8).to(device)
        let classes = try (Tensor.randomUniform([batch], in: 0...Double(architecture.classes), seed: 2)).to(.int64).to(device)
        try measure.run(
            ["task": "training", "network": architecture.name, "size": "\(size)", "precision": precision, "device": device.description],
            images: batch, device: device
        ) {
            let input = try normalizeImages(
                pixels, mean: [0.485, 0.456, 0.406], std: [0.229, 0.224, 0.225], dtype: reduced ?? .float32)
            let loss = try withAutocast(to: reduced, on: device) { try crossEntropy(network(input), classes) }
            try loss.backward()
            try optimizer.step(learningRate: 0.001)
            optimizer.clearGradients()
        }
    }
}
