import ArgumentParser
import Datasets
import Foundation
import Logging
import Reporting
import Serving

/// `sightline serve`.
struct Serve: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Answers requests over HTTP.",
        discussion: """
            EXAMPLES
              sightline serve runs/first
              curl --data-binary @cat.jpg -H 'Content-Type: image/jpeg' \\
                localhost:8080/invocations
              sightline serve cells=runs/cells streets=runs/streets --host 0.0.0.0
              sightline serve --model-root models --memory-limit 4000

            What it answers: /ping and /invocations as SageMaker's containers do, /models
            as its multi-model endpoints do, /v2 by the Open Inference Protocol, /metrics
            for Prometheus, /openapi.json, and at / a page where a person drops a picture.

            A model is called by its folder's name, or by the name before an equals sign.
            Images that arrive together go through the network together. SIGTERM and
            Ctrl-C: what was accepted is answered, then the server leaves with status 0; with
            1 where that took longer than --drain-timeout.

            Log lines go to standard error, as text on a terminal and as JSON elsewhere.
            """)

    @Argument(help: ArgumentHelp("Models: run's folders, model folders, or files of weights.", valueName: "model"), completion: .file())
    var models: [String] = []

    @OptionGroup(title: "The server") var server: ServerOptions

    @OptionGroup(title: "The engine") var engine: EngineOptions

    @Option(help: "Log lines: auto, text or json.")
    var logFormat = LogFormat.auto

    @Flag(help: "Write no line for each request, only what goes wrong.")
    var quiet = false

    /// How log lines look.
    enum LogFormat: String, CaseIterable, ExpressibleByArgument {
        case auto, text, json
    }

    func validate() throws {
        guard !models.isEmpty || server.modelRoot != nil else {
            throw ValidationError("There is no model. Give one, or --model-root for models that are loaded by request.")
        }
    }

    func run() throws {
        ThreadWaiting.shorten()
        let device = try engine.start()
        let settings = try server.settings(models: models.map(Self.model), device: device, threads: engine.threads)
        try Self.serve(settings, logFormat: logFormat, level: quiet ? .error : .info)
    }

    /// `name=path`, or a path whose last part is the name.
    static func model(_ text: String) -> ServerSettings.Model {
        if let mark = text.firstIndex(of: "="), !text[..<mark].contains("/"), !FileManager.default.fileExists(atPath: text) {
            return ServerSettings.Model(name: String(text[..<mark]), path: String(text[text.index(after: mark)...]))
        }
        let path = URL(fileURLWithPath: text).standardizedFileURL
        // The best model of a run lies in its folder `model`.
        let named = path.lastPathComponent == "model" ? path.deletingLastPathComponent() : path
        let name = named.lastPathComponent.filter { String($0).isVisible && $0 != "/" }
        return ServerSettings.Model(name: name.isEmpty ? "model" : name, path: text)
    }

    /// Runs a server until it is told to stop.
    static func serve(_ settings: ServerSettings, logFormat: LogFormat, level: Logger.Level) throws {
        let errors = TextOutput.standardError
        let asJSON = logFormat == .json || (logFormat == .auto && !errors.isTerminal)
        let logger = Logger(label: "sightline") { label in
            LineLogHandler(label: label, level: level, asJSON: asJSON) { TextOutput.standardError.write($0) }
        }
        let server = try ModelServer(settings, version: Sightline.version, logger: logger)
        // Under overload there are more requests to refuse than pictures to look at: refusing must not take the cores from the networks,
        // whose threads are there already. Threads that are started from here on inherit this thread's priority.
        WorkerThread.lowerPriority(by: WorkerThread.niceness)
        let scheme = settings.certificate == nil ? "http" : "https"
        let shown = settings.host.contains(":") ? "[\(settings.host)]" : settings.host
        try Blocking.run {
            try await server.run { port in
                logger.info("listening", metadata: ["url": .string("\(scheme)://\(shown):\(port)/")])
            }
        }
        logger.info("stopped")
    }
}

extension String {
    fileprivate var isVisible: Bool { utf8.allSatisfy { (0x21...0x7E).contains($0) } }
}
