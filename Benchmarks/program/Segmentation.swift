import ArgumentParser
import Networks
import Torch

/// A segmentation network on random images and masks that lie in memory: whole training steps, or the prepared network with the mask.
struct Segmentation: ParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Segmentation training steps and inference on images in memory.")
    @OptionGroup var measure: Measure
    @Argument(help: "training or inference.") var task: String
    @Option(help: "fcn, psp or deeplab.") var algorithm = "deeplab"
    @Option(help: "resnet-18, resnet-34, resnet-50 or resnet-101.") var backbone = "resnet-50"
    @Option(help: "Side of the images in pixels.") var size = 480
    @Option(help: "Classes with the background.") var classes = 21
    @Option(help: "Images at once.") var batch = 4
    @Option(help: "float32 or bfloat16.") var precision = "bfloat16"
    @Option var device = "cpu"

    func run() throws {
        try Runtime.prepare()
        Runtime.threads = measure.threads
        let device = try Device(parsing: self.device)
        let architecture = try SegmentationArchitecture(name: "\(algorithm)-\(backbone)", classes: classes)
        let network = try architecture.makeNetwork(hasAuxiliary: task == "training")
        try network.move(to: device)
        let dtype: DType = precision == "bfloat16" ? .bfloat16 : .float32
        let facts = [
            "task": "segmentation \(task)", "network": architecture.name, "size": "\(size)", "precision": precision,
            "device": device.description,
        ]
        let input = try Tensor.randomNormal([batch, 3, size, size], seed: 1).channelsLast().to(device)
        guard task == "training" else {
            network.train(false)
            let plan = try network.inferencePlan(precision: dtype, device: device)
            return try withInference {
                try measure.run(facts, images: batch, device: device) {
                    _ = try segmentationClasses(plan(input), height: size, width: size)
                }
            }
        }
        let targets = try Tensor.randomUniform([batch, size, size], in: 0...Double(classes), seed: 2).to(.uint8).to(device)
        let optimizer = try Optimizer(rule: .sgd(momentum: 0.9), weightDecay: 1e-4, parameters: network.parameters)
        try measure.run(facts, images: batch, device: device) {
            let output = try withAutocast(to: dtype, on: device) { try network(input.to(dtype)) }
            var loss = try segmentationLoss(output.logits, targets: targets).loss
            if let auxiliary = output.auxiliary { loss = try loss + segmentationLoss(auxiliary, targets: targets).loss * 0.5 }
            try loss.backward()
            try optimizer.step(learningRate: 0.001)
            optimizer.clearGradients()
        }
    }
}
