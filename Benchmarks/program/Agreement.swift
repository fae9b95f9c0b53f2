import ArgumentParser
import Foundation
import Networks
import Torch

/// Networks, losses, kernels and optimisers on a device beside the same on the processor in float32.
///
/// In float32 errors must be those of rounding. In bfloat16 the bound is what the processor's own bfloat16 deviates by, twice, so that no guess
/// at a tolerance is needed; never so much that zeros would do. Errors are Euclidean norms: ‖found − truth‖ / ‖truth‖.
struct Agreement: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Results on a device beside the processor's: a JSON line for each comparison, status 1 where one is off.")
    @Option var device = "auto"
    @Option(help: "Threads of one operation on the processor.") var threads = 2
    @Flag(help: "Shallow networks and small images.") var small = false

    func run() throws {
        try Runtime.prepare()
        Runtime.threads = threads
        let device = try Device(parsing: device)
        var findings = Findings(device: device)
        try compareKernels(&findings)
        try compareOptimizers(&findings)
        try compareScaling(&findings)
        try compareSums(&findings)
        for subject in try subjects() { try compareNetwork(subject, &findings) }
        guard findings.faults == 0 else { throw ExitCode.failure }
    }

    // MARK: Networks

    /// A network and what is done with it.
    private struct Subject {
        let name: String
        let input: Tensor
        let make: () throws -> any Module
        /// The output and the loss in training.
        let train: (any Module, Tensor, Device) throws -> (output: Tensor, loss: Tensor)
        /// The prepared network's output.
        let predict: (any Module, Tensor, DType, Device) throws -> Tensor
    }

    /// What one run of a subject came to, on the processor.
    private struct Outcome {
        let output, loss, gradients, prediction: Tensor
    }

    private func subjects() throws -> [Subject] {
        let classifier = try ClassificationArchitecture(depth: small ? 18 : 50, classes: 100)
        let detector = try DetectionArchitecture(base: small ? "resnet-18" : "vgg-16", classes: 20, size: 300)
        let segmenter = try SegmentationArchitecture(name: small ? "fcn-resnet-18" : "deeplab-resnet-50", classes: 21)
        let side = small ? 65 : 161
        let ids = try Tensor([Int64(3), 99, 0, 41])
        let masks = try Tensor.randomUniform([2, side, side], in: 0...21, seed: 5).to(.uint8)
        return [
            Subject(
                name: classifier.name, input: try Tensor.randomNormal([4, 3, small ? 64 : 224, small ? 64 : 224], seed: 1),
                make: { try classifier.makeNetwork(seed: 1) },
                train: { network, x, device in
                    guard let network = network as? any ClassificationNetwork else { throw ExitCode.failure }
                    let logits = try network(x)
                    return (logits, try crossEntropy(logits, ids.to(device)))
                },
                predict: { network, x, dtype, device in
                    guard let network = network as? any ClassificationNetwork else { throw ExitCode.failure }
                    return try network.inferencePlan(precision: dtype, device: device)(x)
                }),
            Subject(
                name: detector.name, input: try Tensor.randomNormal([2, 3, 300, 300], seed: 2),
                make: { try detector.makeNetwork(seed: 2) },
                train: { network, x, device in
                    guard let network = network as? any DetectionNetwork else { throw ExitCode.failure }
                    let output = try network(x)
                    let scene = try Scene(device: device)
                    let loss = try multiBoxLoss(
                        logits: output.logits, offsets: output.offsets, anchors: network.anchors.tensor(on: device), boxes: scene.boxes,
                        classes: scene.classes)
                    return (output.logits, try loss.classification + loss.regression)
                },
                predict: { network, x, dtype, device in
                    guard let network = network as? any DetectionNetwork else { throw ExitCode.failure }
                    return try network.inferencePlan(precision: dtype, device: device)(x).logits
                }),
            Subject(
                name: segmenter.name, input: try Tensor.randomNormal([2, 3, side, side], seed: 3),
                make: { try segmenter.makeNetwork(seed: 3, hasAuxiliary: true) },
                train: { network, x, device in
                    guard let network = network as? any SegmentationNetwork else { throw ExitCode.failure }
                    let output = try network(x)
                    var loss = try segmentationLoss(output.logits, targets: masks.to(device)).loss
                    if let auxiliary = output.auxiliary {
                        loss = try loss + segmentationLoss(auxiliary, targets: masks.to(device)).loss * 0.5
                    }
                    return (output.logits, loss)
                },
                predict: { network, x, dtype, device in
                    guard let network = network as? any SegmentationNetwork else { throw ExitCode.failure }
                    return try network.inferencePlan(precision: dtype, device: device)(x)
                }),
        ]
    }

    private func outcome(_ subject: Subject, _ dtype: DType, on device: Device) throws -> Outcome {
        let network = try subject.make()
        try network.move(to: device)
        let input = try subject.input.channelsLast().to(device)
        let (output, loss) = try withAutocast(to: dtype, on: device) { try subject.train(network, input, device) }
        try loss.backward()
        let gradients = try network.parameters.map { parameter in
            let zeros = try Tensor.zeros([parameter.tensor.count])
            return try parameter.tensor.gradient.map { try $0.to(.cpu).to(.float32).contiguous().reshaped([-1]) } ?? zeros
        }
        // With the running statistics that the step has left, which are not trivial.
        network.train(false)
        let prediction = try withInference { try subject.predict(network, input, dtype, device).clone() }
        return try withoutGradient {
            Outcome(
                output: try output.detached().to(.cpu), loss: try loss.detached().to(.cpu),
                gradients: try Tensor.concatenating(gradients, dim: 0), prediction: try prediction.to(.cpu))
        }
    }

    private func compareNetwork(_ subject: Subject, _ findings: inout Findings) throws {
        let truth = try outcome(subject, .float32, on: .cpu)
        let rounded = try outcome(subject, .bfloat16, on: .cpu)
        let parts: [(String, KeyPath<Outcome, Tensor>, bound: Double)] = [
            ("output in training", \.output, 1e-3), ("loss", \.loss, 1e-4), ("gradients", \.gradients, 2e-2),
            ("prediction", \.prediction, 1e-3),
        ]
        for dtype in [DType.float32, .bfloat16] {
            let found = try outcome(subject, dtype, on: findings.device)
            for (name, part, bound) in parts {
                let own = try Findings.error(rounded[keyPath: part], truth[keyPath: part])
                try findings.compare(
                    "\(subject.name), \(dtype): \(name)", found[keyPath: part], truth[keyPath: part],
                    bound: dtype == .float32 ? bound : min(0.8, 2 * own + bound))
            }
        }
    }
}

/// Objects on two images; the second has one of them less.
struct Scene {
    let boxes, classes: Tensor

    init(device: Device) throws {
        boxes = try Tensor(
            [0.1, 0.1, 0.4, 0.5, 0.5, 0.2, 0.9, 0.9, 0.3, 0.3, 0.8, 0.7, 0, 0, 0, 0] as [Float], shape: [2, 2, 4], device: device)
        classes = try Tensor([3, 17, 8, -1] as [Int64], shape: [2, 2], device: device)
    }
}

/// Counts and prints comparisons.
struct Findings {
    let device: Device
    private(set) var faults = 0

    init(device: Device) { self.device = device }

    /// ‖found − truth‖ / ‖truth‖ in double precision; not a number where something isn't one.
    static func error(_ found: Tensor, _ truth: Tensor) throws -> Double {
        let (a, b) = (try found.to(.cpu).elements(as: Double.self), try truth.to(.cpu).elements(as: Double.self))
        guard a.count == b.count else { return .nan }
        var (difference, size) = (0.0, 0.0)
        for (x, y) in zip(a, b) where x != y {
            difference += (x - y) * (x - y)
        }
        for y in b { size += y * y }
        return difference == 0 ? 0 : (difference / size).squareRoot()
    }

    /// Compares a result of the device with the processor's.
    mutating func compare(_ name: String, _ found: Tensor, _ truth: Tensor, bound: Double) throws {
        try report(name, error: Self.error(found, truth), bound: bound)
    }

    /// Prints a comparison. What is no number is a fault.
    mutating func report(_ name: String, error: Double, bound: Double) throws {
        let isRight = error <= bound
        if !isRight { faults += 1 }
        let line: [String: Any] = [
            "check": name, "device": device.description, "error": error.isFinite ? String(format: "%.2e", error) : "\(error)",
            "bound": String(format: "%.2e", bound), "right": isRight,
        ]
        print(String(decoding: try JSONSerialization.data(withJSONObject: line, options: .sortedKeys), as: UTF8.self))
    }
}
