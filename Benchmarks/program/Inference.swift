import ArgumentParser
import Networks
import Torch

/// The prepared network on random images that lie in memory.
struct Inference: ParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Inference on images in memory.")
    @OptionGroup var measure: Measure
    @Option(help: "Layers: 18…200, or 20…110 for the CIFAR family.") var layers = 50
    @Option(help: "Side of the images in pixels.") var size = 224
    @Option(help: "Images at once.") var batch = 1
    @Option(help: "float32 or bfloat16.") var precision = "float32"
    @Option var device = "cpu"

    func run() throws {
        try Runtime.prepare()
        Runtime.threads = measure.threads
        let device = try Device(parsing: self.device)
        let architecture = try ClassificationArchitecture(depth: layers, classes: 1000)
        let network = try architecture.makeNetwork()
        network.train(false)
        try network.move(to: device)
        let plan = try network.inferencePlan(precision: precision == "bfloat16" ? .bfloat16 : .float32, device: device)
        let input = try Tensor.randomNormal([batch, 3, size, size], seed: 1).channelsLast().to(device)
        try withInference {
            try measure.run(
                [
                    "task": "inference", "network": architecture.name, "size": "\(size)", "precision": precision,
                    "device": device.description,
                ],
                images: batch, device: device
            ) { _ = try plan(input) }
        }
    }
}
