import Foundation
import Machine

extension ServerSettings {
    /// How a server behaves that the platform starts as `serve`: every address, the model or models below the root, and what the
    /// platform's environment variables ask for.
    ///
    /// Source: spec container-contract.md, "Serving", "Multi-model endpoints", "Batch transform".
    /// - Parameters:
    ///   - root: what is `/opt/ml` on the platform.
    ///   - environment: `SAGEMAKER_BIND_TO_PORT`, `SAGEMAKER_MULTI_MODEL`, `SAGEMAKER_BATCH`, `SAGEMAKER_MAX_CONCURRENT_TRANSFORMS`,
    ///     `SAGEMAKER_MAX_PAYLOAD_IN_MB`, and
    ///     `SIGHTLINE_TOKEN`.
    /// - Throws: ``ServingError`` for a value that is none.
    public static func container(
        root: String = "/opt/ml", environment: [String: String] = ProcessInfo.processInfo.environment
    ) throws -> ServerSettings {
        var settings = ServerSettings()
        settings.host = "0.0.0.0"
        func number(_ name: String, _ range: ClosedRange<Int>) throws -> Int? {
            guard let text = environment[name], !text.isEmpty else { return nil }
            guard let value = Int(text), range.contains(value) else {
                throw ServingError(
                    .badSettings,
                    "The environment variable \(name) is '\(text)'. Set a whole number from \(range.lowerBound) to \(range.upperBound).")
            }
            return value
        }
        func flag(_ name: String) -> Bool { ["true", "1", "yes"].contains(environment[name, default: ""].lowercased()) }
        settings.port = try number("SAGEMAKER_BIND_TO_PORT", 1...65535) ?? settings.port
        // Zero asks for chunked streaming, which pictures don't need: the largest body that the platform sends otherwise.
        if let megabytes = try number("SAGEMAKER_MAX_PAYLOAD_IN_MB", 0...1024) {
            settings.payloadLimit = (megabytes == 0 ? 100 : megabytes) << 20
        } else {
            // Newer endpoints let more through than the 6 MB of old, and the platform refuses what is too large before it arrives here.
            settings.payloadLimit = 25 << 20
        }
        settings.isBatchTransform = flag("SAGEMAKER_BATCH")
        if settings.isBatchTransform {
            // A job waits as long as it takes (the platform: up to an hour a request), and sends as much at once as it was told to.
            settings.deadline = 3600
            settings.queueLimit = max(settings.queueLimit, try number("SAGEMAKER_MAX_CONCURRENT_TRANSFORMS", 0...10_000) ?? 100)
        }
        if flag("SAGEMAKER_MULTI_MODEL") {
            settings.modelRoot = root + "/models"
            settings.memoryLimit = MachineMemory().available.map { $0 / 10 * 7 }
        } else {
            settings.models = [Model(name: "model", path: root + "/model")]
        }
        settings.token = environment["SIGHTLINE_TOKEN"].flatMap { $0.isEmpty ? nil : $0 }
        return settings
    }
}
