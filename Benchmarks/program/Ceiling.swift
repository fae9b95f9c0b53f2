import ArgumentParser
import Foundation
import Torch

/// What the device can do at best: products of large matrices, and copies of large tensors.
struct Ceiling: ParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Matrix products and copies: what the device can do at best.")
    @Option(help: "Threads of one operation.") var threads = 2
    @Option(help: "Side of the matrices.") var side = 2048
    @Option(help: "float32 or bfloat16.") var precision = "bfloat16"
    @Option var device = "cpu"

    func run() throws {
        try Runtime.prepare()
        Runtime.threads = threads
        let device = try Device(parsing: self.device)
        let type: DType = precision == "bfloat16" ? .bfloat16 : .float32
        let (a, b) = (
            try Tensor.randomNormal([side, side], seed: 1).to(type).to(device),
            try Tensor.randomNormal([side, side], seed: 2).to(type).to(device)
        )
        let large = try Tensor.zeros([1 << 26], device: device)
        let other = try Tensor.ones([1 << 26], device: device)
        let product = try best(on: device) { _ = try matmul(a, b) }
        let copy = try best(on: device) { try large.copy(from: other) }
        let cube = 2 * Double(side) * Double(side) * Double(side)
        let figures: [String: Any] = [
            "task": "ceiling", "precision": precision, "device": device.description, "flops_per_s": cube / product,
            // Read once and written once.
            "bytes_per_s": 2 * 4 * Double(1 << 26) / copy,
        ]
        print(String(decoding: try JSONSerialization.data(withJSONObject: figures, options: .sortedKeys), as: UTF8.self))
    }

    /// Seconds of the quickest of several repetitions.
    private func best(on device: Device, _ body: () throws -> Void) throws -> Double {
        try body()
        var shortest = Double.infinity
        for _ in 0..<10 {
            try device.synchronize()
            let start = ContinuousClock.now
            try withInference { try body() }
            try device.synchronize()
            shortest = min(shortest, start.duration(to: .now) / .seconds(1))
        }
        return shortest
    }
}
