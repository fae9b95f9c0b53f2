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
        ])
}

/// Options that every measurement has.
struct Measure: ParsableArguments {
    @Option(help: "Threads of one operation.") var threads = 2
    @Option(help: "Unmeasured repetitions.") var warmup = 3
    @Option(help: "Measured repetitions.") var iterations = 8

    /// Times `body` and prints the median, least and greatest images a second, and the most memory that was resident.
    func run(_ facts: [String: String], images: Int, _ body: () throws -> Void) throws {
        for _ in 0..<warmup { try body() }
        var speeds: [Double] = []
        for _ in 0..<iterations {
            let start = ContinuousClock.now
            try body()
            speeds.append(Double(images) / (start.duration(to: .now) / .seconds(1)))
        }
        speeds.sort()
        let figures: [String: Any] = [
            "images_per_s": (speeds[speeds.count / 2] + speeds[(speeds.count - 1) / 2]) / 2, "min": speeds[0],
            "max": speeds[speeds.count - 1], "peak_rss_mb": ProcessMemory.peak / 1_048_576, "images": images, "threads": threads,
        ]
        let all = figures.merging(facts) { figure, _ in figure }
        print(String(decoding: try JSONSerialization.data(withJSONObject: all, options: .sortedKeys), as: UTF8.self))
    }
}
