import ArgumentParser
import Torch

/// Where and with how many threads the work is done.
struct EngineOptions: ParsableArguments {
    @Option(help: ArgumentHelp("auto, cpu, cuda or cuda:N.", valueName: "device"))
    var device = "auto"

    @Option(help: ArgumentHelp("Threads of one operation. (default: one a core)", valueName: "n"))
    var threads: Int?

    func validate() throws {
        if let threads, !(1...1024).contains(threads) { throw ValidationError("--threads is \(threads); it must be from 1 to 1024.") }
    }

    /// Prepares the engine; call before the first tensor.
    func start() throws -> Device {
        try Runtime.prepare()
        if let threads { Runtime.threads = threads }
        return try Device(parsing: device)
    }
}

/// The precision of products in prediction.
enum PredictionPrecision: String, CaseIterable, ExpressibleByArgument {
    case float32, bfloat16

    var type: DType { self == .float32 ? .float32 : .bfloat16 }
}
