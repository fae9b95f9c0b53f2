import ArgumentParser
import Foundation
import Torch

/// Sightline's side of the comparisons in `Benchmarks/`: one measurement a process, one JSON line on standard output.
@main
struct Benchmark: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "sightline-benchmark",
        abstract: "Measures training steps, inference, detection, segmentation, the input pipeline and several processes.",
        subcommands: [
            TrainingStep.self, Inference.self, Detection.self, Segmentation.self, Pipeline.self, DetectionPipeline.self, Ranks.self,
            Ceiling.self, Agreement.self,
        ])
}

/// Options that every measurement has.
struct Measure: ParsableArguments {
    @Option(help: "Threads of one operation.") var threads = 2
    @Option(help: "Unmeasured repetitions.") var warmup = 3
    @Option(help: "Measured repetitions.") var iterations = 8
    @Option(help: "Steps of a repetition; a device is waited for behind the last.") var group = 1

    /// Times `body` and prints the median, least and greatest images a second, and the most memory that was resident, or in use on a CUDA
    /// device. `images`: of one call of `body`.
    func run(_ facts: [String: String], images: Int, device: Device = .cpu, _ body: () throws -> Void) throws {
        try Runtime.searchingAlgorithms(on: device) {
            for _ in 0..<warmup { try body() }
            try device.synchronize()
            var speeds: [Double] = []
            for _ in 0..<iterations {
                let start = ContinuousClock.now
                for _ in 0..<group { try body() }
                try device.synchronize()
                speeds.append(Double(images * group) / (start.duration(to: .now) / .seconds(1)))
            }
            try report(facts, images: images, device: device, speeds: speeds.sorted())
        }
    }

    private func report(_ facts: [String: String], images: Int, device: Device, speeds: [Double]) throws {
        guard !speeds.isEmpty else { return }
        var figures: [String: Any] = [
            "images_per_s": (speeds[speeds.count / 2] + speeds[(speeds.count - 1) / 2]) / 2, "min": speeds[0],
            "max": speeds[speeds.count - 1], "peak_rss_mb": ProcessMemory.peak / 1_048_576, "images": images, "threads": threads,
        ]
        if let memory = try device.memory() { figures["peak_device_mb"] = memory.peak / 1_048_576 }
        figures.merge(facts) { figure, _ in figure }
        print(String(decoding: try JSONSerialization.data(withJSONObject: figures, options: .sortedKeys), as: UTF8.self))
    }
}
