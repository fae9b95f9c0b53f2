import ArgumentParser
import Foundation
import Serving
import Torch

/// How the server is to behave. Names, units and defaults are those of `ServerSettings`.
struct ServerOptions: ParsableArguments {
    @Option(help: ArgumentHelp("The address to listen on; 0.0.0.0 is reached from other machines.", valueName: "address"))
    var host = "127.0.0.1"

    @Option(help: ArgumentHelp("The port.", valueName: "number"))
    var port = 8080

    @Option(help: ArgumentHelp("Precision of products: auto (bfloat16 where it is native), float32 or bfloat16.", valueName: "precision"))
    var precision = ServingPrecision.auto

    @Option(help: ArgumentHelp("Images that a network sees at once. (default: 8; 32 on a GPU)", valueName: "n"))
    var maxBatch: Int?

    @Option(help: ArgumentHelp("Milliseconds that an image waits for others that are being decoded.", valueName: "ms"))
    var batchDelay = 2.0

    @Option(help: ArgumentHelp("Images between acceptance and answer; more are refused with 429.", valueName: "n"))
    var maxQueue = 64

    @Option(help: ArgumentHelp("Threads that decode. (default: one a core)", valueName: "n"))
    var decoders: Int?

    @Option(help: ArgumentHelp("Seconds to an answer; later a request is refused with 503.", valueName: "s"))
    var deadline = 60.0

    @Option(help: ArgumentHelp("Seconds after SIGTERM in which requests that were accepted are answered.", valueName: "s"))
    var drainTimeout = 25.0

    @Option(help: ArgumentHelp("Megabytes of a request's body; more is refused with 413.", valueName: "MB"))
    var maxPayload = 6

    @Option(help: ArgumentHelp("Million pixels of an image, by its header; more is refused with 413.", valueName: "n"))
    var maxPixels = 50.0

    @Option(help: ArgumentHelp("Connections at once.", valueName: "n"))
    var maxConnections = 20_000

    @Option(help: ArgumentHelp("Seconds in which a request's body must arrive.", valueName: "s"))
    var bodyTimeout = 30.0

    @Option(help: ArgumentHelp("Seconds after which a connection without a request is closed.", valueName: "s"))
    var idleTimeout = 60.0

    @Option(
        help: ArgumentHelp("The folder below which models may be loaded by request (POST /models).", valueName: "folder"),
        completion: .directory)
    var modelRoot: String?

    @Option(
        help: ArgumentHelp(
            "Megabytes that models may take together; those used longest ago make room. (default: no limit)", valueName: "MB"))
    var memoryLimit: Int?

    @Option(
        help: ArgumentHelp("A file whose first line clients must send as bearer token. (default: $SIGHTLINE_TOKEN)", valueName: "file"),
        completion: .file())
    var tokenFile: String?

    @Option(help: ArgumentHelp("The certificate chain for HTTPS, PEM; needs --tls-key.", valueName: "file"), completion: .file())
    var tlsCertificate: String?

    @Option(help: ArgumentHelp("The certificate's private key, PEM.", valueName: "file"), completion: .file())
    var tlsKey: String?

    func validate() throws {
        guard (tlsCertificate == nil) == (tlsKey == nil) else {
            throw ValidationError("--tls-certificate and --tls-key belong together; give both.")
        }
        if let memoryLimit, memoryLimit < 1 { throw ValidationError("--memory-limit is \(memoryLimit); it must be 1 or more.") }
        guard (1...100_000).contains(maxPayload) else {
            throw ValidationError("--max-payload is \(maxPayload); it must be from 1 to 100000 MB.")
        }
        guard maxPixels > 0, maxPixels <= 1000 else {
            throw ValidationError("--max-pixels is \(maxPixels); it must be above 0 and at most 1000 million.")
        }
        // What the settings themselves refuse is misuse, too, and told before a model is read.
        do {
            var settings = try self.settings(models: [], device: .cpu, threads: nil, readsToken: false)
            settings.batchLimit = maxBatch
            try settings.check()
        } catch let error as ServingError {
            throw ValidationError("--" + error.description)
        }
    }

    /// The settings that these options make.
    /// - Throws: `Failure` for a token file that can't be read.
    func settings(models: [ServerSettings.Model], device: Device, threads: Int?, readsToken: Bool = true) throws -> ServerSettings {
        var settings = ServerSettings()
        (settings.host, settings.port) = (host, port)
        (settings.models, settings.modelRoot) = (models, modelRoot)
        settings.memoryLimit = memoryLimit.map { $0 << 20 }
        (settings.device, settings.threads, settings.decoders) = (device, threads, decoders)
        settings.precision = precision.type
        (settings.batchLimit, settings.batchDelay) = (maxBatch, batchDelay / 1000)
        (settings.queueLimit, settings.deadline, settings.drainTimeout) = (maxQueue, deadline, drainTimeout)
        (settings.payloadLimit, settings.pixelLimit) = (maxPayload << 20, Int(maxPixels * 1e6))
        (settings.bodyTimeout, settings.idleTimeout, settings.connectionLimit) = (bodyTimeout, idleTimeout, maxConnections)
        if let tlsCertificate, let tlsKey { settings.certificate = (tlsCertificate, tlsKey) }
        if readsToken { settings.token = try token() }
        return settings
    }

    private func token() throws -> String? {
        guard let tokenFile else { return ProcessInfo.processInfo.environment["SIGHTLINE_TOKEN"].flatMap { $0.isEmpty ? nil : $0 } }
        guard let text = try? String(contentsOfFile: tokenFile, encoding: .utf8) else {
            throw Failure.usage("--token-file \(tokenFile) can't be read. Give a text file whose first line is the token.")
        }
        return text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline).first.map {
            $0.trimmingCharacters(in: .whitespaces)
        }
    }
}

/// The precision of products in serving.
enum ServingPrecision: String, CaseIterable, ExpressibleByArgument {
    case auto, float32, bfloat16

    /// nil: bfloat16 where it is native.
    var type: DType? {
        switch self {
        case .auto: nil
        case .float32: .float32
        case .bfloat16: .bfloat16
        }
    }
}
