import Foundation
import Logging
import Synchronization
import Torch

@testable import Serving

/// A server on loopback in this process.
final class RunningServer: Sendable {
    let client: Client
    private let server: ModelServer
    private let task: Task<Void, any Error>

    /// Starts a server on a free port and waits until it is ready.
    init(_ settings: ServerSettings, isReady: Bool = true, log: @escaping @Sendable (String) -> Void = { _ in }) async throws {
        var settings = settings
        settings.port = 0
        let logger = Logger(label: "test") { LineLogHandler(label: $0, asJSON: true, write: log) }
        let server = try ModelServer(settings, version: "1.2.3", logger: logger)
        let (ports, continuation) = AsyncThrowingStream<Int, any Error>.makeStream()
        task = Task {
            do {
                try await server.run(listensToSignals: false) { continuation.yield($0) }
                continuation.finish()
            } catch {
                continuation.finish(throwing: error)
                throw error
            }
        }
        self.server = server
        guard let port = try await ports.first(where: { _ in true }) else { throw Client.Broken("the server ended before it listened") }
        client = Client(port: port)
        guard isReady else { return }
        for _ in 0..<1200 {
            do {
                if try await client.get("/ping").status == 200 { return }
            } catch {
                // Whoever is gone tells why.
                try await task.value
                throw error
            }
            try await Task.sleep(for: .milliseconds(25))
        }
        throw Client.Broken("the server is not ready after 30 s")
    }

    /// Asks it to stop and waits until it has.
    func stop() async throws {
        await server.stop()
        try await task.value
    }

    /// A server of one model, for the time of `body`.
    static func run<Result: Sendable>(
        _ model: String?, _ change: (inout ServerSettings) -> Void = { _ in }, log: @escaping @Sendable (String) -> Void = { _ in },
        _ body: @Sendable (Client) async throws -> Result
    ) async throws -> Result {
        var settings = ServerSettings()
        settings.precision = .float32
        settings.batchLimit = 4
        if let model { settings.models = [.init(name: "model", path: model)] }
        change(&settings)
        let server = try await RunningServer(settings, log: log)
        do {
            let result = try await body(server.client)
            try await server.stop()
            return result
        } catch {
            try? await server.stop()
            throw error
        }
    }
}
