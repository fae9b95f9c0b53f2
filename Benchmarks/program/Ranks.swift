import ArgumentParser
import Foundation
import Launch
import Networks
import Torch

/// Training steps of several processes: how much of the time that adding up gradients takes is hidden behind the backward pass.
struct Ranks: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "ranks",
        abstract: "Training steps of several processes: without sums, with sums behind the backward pass, with sums after it.")
    @Option(help: "Processes on this machine.") var processes = 2
    @Option(help: "Threads of one operation in each process.") var threads = 1
    @Option(help: "Rounds, in each of which every way takes one step.") var rounds = 12
    @Option(help: "Layers: 18…200, or 20…110 for the CIFAR family.") var layers = 50
    @Option(help: "Side of the images in pixels.") var size = 224
    @Option(help: "Images in a step of each process.") var batch = 8
    @Option(help: "float32 or bfloat16.") var precision = "bfloat16"
    @Option(help: "MiB that are added up in one go.") var bucket = 25

    /// What becomes of the gradients.
    private enum Way: String, CaseIterable {
        case alone = "no sums"
        case overlapped = "sums behind the backward pass"
        case after = "sums after the backward pass"
    }

    func run() throws {
        guard let placement = try Placement.found(in: ProcessInfo.processInfo.environment) else {
            let status = try LocalRanks(Hosts.here(ranks: processes).placements).run()
            if status != 0 { throw ExitCode(status) }
            return
        }
        try Runtime.prepare()
        Runtime.threads = threads
        let store = try KeyStore(host: placement.address, port: placement.port, serves: placement.rank == 0, seconds: 60)
        let group = { name in
            try ProcessGroup(
                store: store, name: name, rank: placement.rank, size: placement.size, device: .address(Placement.loopback), seconds: 600)
        }
        let (control, gradients) = (try group("control"), try group("gradients"))
        try measure(placement, control, gradients)
        // The store goes last.
        try control.reduce(Tensor([0.0], shape: [1]))
    }

    private func measure(_ placement: Placement, _ control: ProcessGroup, _ gradients: ProcessGroup) throws {
        let architecture = try ClassificationArchitecture(
            depth: layers, classes: layers < 18 || CIFARResNet.depths.contains(layers) ? 10 : 1000)
        let network = try architecture.makeNetwork()
        let optimizer = try Optimizer(rule: .sgd(momentum: 0.9), weightDecay: 1e-4, parameters: network.parameters)
        let reducer = try GradientReducer(network.parameters.map(\.tensor), group: gradients, bucketBytes: bucket << 20)
        let reduced: DType? = precision == "bfloat16" ? .bfloat16 : nil
        let pixels = try Tensor.randomUniform([batch, size, size, 3], in: 0...255, seed: UInt64(placement.rank)).to(.uint8)
        let classes = try (Tensor.randomUniform([batch], in: 0...Double(architecture.classes), seed: 2)).to(.int64)
        var seconds: [Way: [Double]] = [:]
        for round in 0...rounds {
            for way in Way.allCases {
                // All begin together: waiting for a slower one is no communication.
                try control.reduce(Tensor([0.0], shape: [1]))
                let start = ContinuousClock.now
                let input = try normalizeImages(
                    pixels, mean: [0.485, 0.456, 0.406], std: [0.229, 0.224, 0.225], dtype: reduced ?? .float32)
                let loss = try withAutocast(to: reduced, on: .cpu) { try crossEntropy(network(input), classes) }
                if way != .alone { reducer.arm(overlaps: way == .overlapped) }
                try loss.backward()
                if way != .alone { try reducer.finish(scale: 1 / Double(placement.size)) }
                try optimizer.step(learningRate: 0.001)
                optimizer.clearGradients()
                // The slowest counts.
                let taken = try Tensor([start.duration(to: .now) / .seconds(1)], shape: [1])
                try control.reduce(taken, .maximum)
                if round > 0 { seconds[way, default: []].append(try taken.item()) }
            }
        }
        guard placement.rank == 0 else { return }
        let medians = seconds.mapValues { $0.sorted()[$0.count / 2] }
        let (alone, overlapped, after) = (medians[.alone] ?? 0, medians[.overlapped] ?? 0, medians[.after] ?? 0)
        let parameters = network.parameters.reduce(0) { $0 + $1.tensor.count }
        let figures: [String: Any] = [
            "task": "ranks", "images_per_s": Double(batch * placement.size) / overlapped, "peak_rss_mb": ProcessMemory.peak / 1_048_576,
            "network": architecture.name, "size": size, "batch": batch, "precision": precision, "ranks": placement.size,
            "threads": threads, "megabytes": Double(parameters) * 4 / 1e6, "buckets": reducer.bucketCount, "step_alone_s": alone,
            "step_overlapped_s": overlapped, "step_after_s": after, "efficiency": alone / overlapped,
            "hidden": after > alone ? (after - overlapped) / (after - alone) : 0,
        ]
        print(String(decoding: try JSONSerialization.data(withJSONObject: figures, options: .sortedKeys), as: UTF8.self))
    }
}
