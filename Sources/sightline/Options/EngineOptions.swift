import ArgumentParser
import Foundation
import Launch
import Machine
import Torch

/// Where and with how many threads the work is done.
struct EngineOptions: ParsableArguments {
    @Option(help: ArgumentHelp("auto, cpu, cuda or cuda:N.", valueName: "device"))
    var device = "auto"

    @Option(help: ArgumentHelp("Threads of one operation. (default: one a core)", valueName: "n"))
    var threads: Int?

    @Flag(help: "Let GPUs round the factors of float32 products to TF32: quicker, 3 decimals.")
    var tf32 = false

    func validate() throws {
        if let threads, !(1...1024).contains(threads) { throw ValidationError("--threads is \(threads); it must be from 1 to 1024.") }
    }

    /// Prepares the engine; call before the first tensor. `placement`: which process of several this is: each host's have its cores and GPUs
    /// between them.
    func start(_ placement: Placement? = nil) throws -> Device {
        try Runtime.prepare()
        Runtime.allowsTF32 = tf32
        if let threads { Runtime.threads = threads } else { Self.settleThreads(placement) }
        let chosen = try Device(parsing: device)
        // A device without a number is any of them.
        guard let placement, case .cuda = chosen, !device.contains(":") else { return chosen }
        // A scheduler may show each process a GPU of its own, which then is its first.
        let isOnly = placement.launcher != .sightline && Device.cudaCount == 1
        return try Device(parsing: "cuda:\(isOnly ? 0 : placement.localRank)")
    }

    /// As many threads as this process has cores, unless the environment says otherwise: libtorch's own count knows of no container's quota.
    static func settleThreads(_ placement: Placement? = nil) {
        guard ProcessInfo.processInfo.environment["OMP_NUM_THREADS"] == nil else { return }
        Runtime.threads = placement?.coresOfEach ?? min(Runtime.threads, ProcessorCores.available)
    }
}

/// The precision of products in prediction.
enum PredictionPrecision: String, CaseIterable, ExpressibleByArgument {
    case float32, bfloat16

    var type: DType { self == .float32 ? .float32 : .bfloat16 }
}
