import Glibc
import HTTPTypes
import Hummingbird
import HummingbirdCore
import HummingbirdTLS
import Logging
import NIOCore
import NIOSSL
import Reporting
import ServiceLifecycle
import Synchronization
import UnixSignals

/// The server: models behind HTTP.
///
/// Requests are received on event loops, pictures decoded on worker threads, and networks run on a thread of their own; none of the three
/// waits for another one with its thread.
public final class ModelServer: Sendable {
    private let settings: ServerSettings
    private let version: String
    private let logger: Logger
    private let telemetry = Telemetry()
    private let engine: Engine
    private let decoders: WorkerPool
    private let group = Mutex<ServiceGroup?>(nil)
    private let failure = Mutex<(any Error)?>(nil)

    /// A server that is not running yet. `version`: of the program. `logger`: takes a line for each request.
    ///
    /// The threads of inference and decoding are started here: they have the priority of the thread that calls this, or a little less,
    /// whatever that thread's priority is later.
    /// - Throws: ``ServingError`` for settings that can't be.
    public init(_ settings: ServerSettings, version: String, logger: Logger) throws {
        try settings.check()
        self.settings = settings
        self.version = version
        self.logger = logger
        engine = try Engine(settings)
        decoders = try WorkerPool(name: "decoder", count: settings.resolvedDecoders)
    }

    deinit { decoders.close() }

    /// Serves until ``stop()`` or, with `listensToSignals`, SIGTERM or SIGINT; then answers what was accepted, and returns.
    ///
    /// `whenListening`: gets the port as soon as connections are accepted; models are loaded meanwhile, and `/ping` tells when that is done.
    /// - Throws: ``ServingError`` for an address or certificate that can't be used and for a model that can't be loaded.
    public func run(listensToSignals: Bool = true, whenListening: @escaping @Sendable (Int) -> Void = { _ in }) async throws {
        let queue = RequestQueue(
            capacity: settings.queueLimit, memoryLimit: PicturePipeline.memoryLimit(settings), delay: .seconds(settings.batchDelay))
        let store = ModelStore(engine: engine, settings: settings, telemetry: telemetry)
        let responder = ServerResponder(
            routes: routes(store, queue), token: settings.token, telemetry: telemetry, logger: logger)
        var quiet = logger
        quiet.logLevel = max(logger.logLevel, .warning)
        let application = Application(
            responder: responder, server: try channel(),
            configuration: ApplicationConfiguration(
                address: .hostname(settings.host, port: settings.port), serverName: "sightline/\(version)", backlog: 1024,
                availableConnectionsDelegate: MaximumAvailableConnections(min(settings.connectionLimit, Self.raiseFileLimit() - 128))),
            services: [
                InferenceService(engine: engine, queue: queue, telemetry: telemetry),
                LoadingService(store: store, logger: logger) { [self] error in
                    // An error thrown there would cancel the server, which then drops connections that it has just accepted, and SwiftNIO
                    // ends the process where one is dropped.
                    failure.withLock { $0 = error }
                    await stop()
                },
            ],
            onServerRunning: { channel in whenListening(channel.localAddress?.port ?? 0) }, logger: quiet)
        var configuration = ServiceGroupConfiguration(
            services: [application], gracefulShutdownSignals: listensToSignals ? [.sigterm, .sigint] : [], logger: quiet)
        configuration.maximumGracefulShutdownDuration = .seconds(settings.drainTimeout)
        let group = ServiceGroup(configuration: configuration)
        self.group.withLock { $0 = group }
        defer { self.group.withLock { $0 = nil } }
        do {
            try await group.run()
        } catch let error as IOError {
            throw ServingError(
                .badSettings,
                "\(settings.host):\(settings.port) can't be listened on: \(String(cString: strerror(error.errnoCode))). Choose another --host or --port."
            )
        } catch is CancellationError {
            throw ServingError(
                .unavailable, "Requests were left unanswered after \(settings.drainTimeout) s (drain-timeout) of shutting down.")
        }
        if let error = failure.withLock({ $0.take() }) { throw error }
    }

    /// Accepts nothing more, answers what was accepted, and lets ``run(listensToSignals:whenListening:)`` return.
    public func stop() async { await group.withLock { $0 }?.triggerGracefulShutdown() }

    /// Lets this process open as many files and sockets as the system allows it, and tells how many.
    private static func raiseFileLimit() -> Int {
        let kind = __rlimit_resource_t(RLIMIT_NOFILE.rawValue)
        var limit = rlimit()
        guard getrlimit(kind, &limit) == 0 else { return 1024 }
        // More than this nobody serves, and some systems have no limit at all.
        let wanted = min(limit.rlim_max, 1 << 20)
        if limit.rlim_cur < wanted {
            limit.rlim_cur = wanted
            _ = setrlimit(kind, &limit)
        }
        return max(256, Int(clamping: min(limit.rlim_cur, 1 << 20)))
    }

    private func channel() throws -> HTTPServerBuilder {
        let (limit, timeout) = (settings.payloadLimit, TimeAmount.nanoseconds(Int64(settings.bodyTimeout * 1e9)))
        let plain = HTTPServerBuilder.http1(
            configuration: .init(
                additionalChannelHandlers: [RequestGuard(payloadLimit: limit, bodyTimeout: timeout)],
                idleTimeout: .nanoseconds(Int64(settings.idleTimeout * 1e9)),
                httpDecoderConfiguration: .init(maxHeaderFieldSize: 16 << 10, maxHeaderListSize: 64 << 10, maxHeaderFieldCount: 100)))
        guard let (chain, key) = settings.certificate else { return plain }
        do {
            let certificates = try NIOSSLCertificate.fromPEMFile(chain).map { NIOSSLCertificateSource.certificate($0) }
            var configuration = TLSConfiguration.makeServerConfiguration(
                certificateChain: certificates, privateKey: .privateKey(try NIOSSLPrivateKey(file: key, format: .pem)))
            configuration.minimumTLSVersion = .tlsv12
            configuration.applicationProtocols = ["http/1.1"]
            return try .tls(plain, tlsConfiguration: configuration)
        } catch {
            throw ServingError(
                .badSettings,
                "The certificate \(chain) with the key \(key) can't be used: \(error). Give two PEM files that belong together.")
        }
    }

    // MARK: Routes

    private func routes(_ store: ModelStore, _ queue: RequestQueue) -> Routes {
        let bodies = BodyReader(limit: settings.payloadLimit, totalLimit: settings.bodyMemoryLimit)
        let pictures = PicturePipeline(settings: settings, queue: queue, decoders: decoders, telemetry: telemetry)
        let invocations = Invocations(settings: settings, store: store, pictures: pictures, bodies: bodies)
        let models = ModelRoutes(store: store, bodies: bodies)
        let v2 = OpenInference(version: version, store: store, invocations: invocations)
        let (telemetry, settings, version) = (telemetry, settings, version)
        let isHealthy: @Sendable () async -> Bool = {
            await store.isReady && !Task.isShuttingDownGracefully && (queue.runningSeconds ?? 0) < 2 * settings.deadline
        }
        let health: @Sendable (Call) async throws -> Response = { _ in
            if await isHealthy() { return Response(status: .ok) }
            throw ServingError(.unavailable, "The server is not ready: models are being loaded, or it is stopping.", retryAfter: 1)
        }
        return Routes(
            all: [
                Route(method: .get, pattern: "/", isOpen: true) { _ in Pages.page },
                Route(method: .get, pattern: "/openapi.json", isOpen: true) { _ in Pages.description(version: version) },
                Route(method: .get, pattern: "/ping", isOpen: true, handler: health),
                Route(method: .post, pattern: "/invocations") { call in
                    try await invocations.answer(call, model: call.request.headers[.targetModel])
                },
                Route(method: .get, pattern: "/execution-parameters") { _ in Self.executionParameters(settings) },
                // Where AWS's SDKs send what they would send to the platform: any endpoint's name will do where there is one model.
                Route(method: .post, pattern: "/endpoints/{endpoint}/invocations") { call in
                    let isOnly = await store.listings.count == 1
                    return try await invocations.answer(
                        call, model: call.request.headers[.targetModel] ?? (isOnly ? nil : call.parameter("endpoint")))
                },
                Route(method: .get, pattern: "/models", handler: models.list),
                Route(method: .post, pattern: "/models", handler: models.load),
                Route(method: .get, pattern: "/models/{model}", handler: models.show),
                Route(method: .delete, pattern: "/models/{model}", handler: models.unload),
                Route(method: .post, pattern: "/models/{model}/invoke") { call in
                    try await invocations.answer(call, model: call.parameter("model"))
                },
                Route(method: .get, pattern: "/metrics") { _ in
                    Response(
                        Array(telemetry.exposition(queued: queue.count, capacity: queue.capacity).utf8),
                        type: "text/plain; version=0.0.4; charset=utf-8")
                },
                Route(method: .get, pattern: "/v2") { call in v2.server(call) },
                Route(method: .get, pattern: "/v2/health/live", isOpen: true) { _ in ModelRoutes.json(.members(["live": .bool(true)])) },
                Route(method: .get, pattern: "/v2/health/ready", isOpen: true) { call in
                    _ = try await health(call)
                    return ModelRoutes.json(.members(["ready": .bool(true)]))
                },
            ]
                + ["/v2/models/{model}", "/v2/models/{model}/versions/{version}"].flatMap { base in
                    [
                        Route(method: .get, pattern: base, handler: v2.model),
                        Route(method: .get, pattern: base + "/ready", handler: v2.isReady),
                        Route(method: .post, pattern: base + "/infer", handler: v2.infer),
                    ]
                })
    }

    /// What a batch transform is told: one picture a request, as many at once as the network sees, within 100 MB of bodies.
    private static func executionParameters(_ settings: ServerSettings) -> Response {
        let megabytes = min(100, max(1, settings.payloadLimit >> 20))
        let concurrent = max(1, min(settings.resolvedBatchLimit, 100 / megabytes))
        return ModelRoutes.json(
            .members([
                "MaxConcurrentTransforms": .integer(concurrent), "BatchStrategy": .string("SINGLE_RECORD"),
                "MaxPayloadInMB": .integer(megabytes),
            ]))
    }
}

/// Runs the networks until everything that was accepted is answered.
private struct InferenceService: Service {
    let engine: Engine
    let queue: RequestQueue
    let telemetry: Telemetry

    func run() async throws {
        // Where another part of the server fails there is no shutting down, only an end.
        await withTaskCancellationOrGracefulShutdownHandler {
            await engine.serve(queue, telemetry: telemetry)
        } onCancelOrGracefulShutdown: {
            queue.close()
        }
    }
}

/// Loads the models of the start.
private struct LoadingService: Service {
    let store: ModelStore
    let logger: Logger
    let whenFailed: @Sendable (any Error) async -> Void

    func run() async throws {
        let begin = ContinuousClock.now
        do {
            try await store.loadFirst()
        } catch {
            await whenFailed(ServingError.about(model: error))
            return try await gracefulShutdown()
        }
        let names = await store.listings.map(\.name)
        logger.info(
            "ready",
            metadata: [
                "models": .array(names.map { .string($0) }),
                "seconds": .stringConvertible(((begin.duration(to: .now) / .seconds(1)) * 100).rounded() / 100),
            ])
        try await gracefulShutdown()
    }
}
