import Foundation
import HTTPTypes
import Hummingbird
import HummingbirdCore
import Logging
import NIOCore
import Reporting
import ServiceLifecycle

/// What a request brings besides itself.
struct ServerContext: InitializableFromSource {
    let channel: any Channel

    init(source: ApplicationRequestContextSource) { channel = source.channel }
}

/// Answers every request: finds its route, asks for the token, makes answers of errors, counts and logs.
struct ServerResponder: HTTPResponder {
    let routes: Routes
    let token: String?
    let telemetry: Telemetry
    let logger: Logger

    func respond(to request: Request, context: ServerContext) async throws -> Response {
        let call = (id: Call.id(of: request), arrival: ContinuousClock.now)
        telemetry.begin()
        var pattern = "none"
        var response: Response
        var problem: ServingError?
        do {
            let (route, parameters) = try routes.find(request.method, request.uri.path)
            pattern = route.pattern
            if !route.isOpen { try authorize(request) }
            response = try await route.handler(Call(request: request, parameters: parameters, id: call.id, arrival: call.arrival))
        } catch {
            let known = error as? ServingError ?? ServingError(.internalError, "Something went wrong: \(error)")
            problem = known
            // Clients that ask again at once, instead of when they are told to, would take the cores from those that were accepted.
            if known.kind == .tooManyRequests { try? await Task.sleep(for: Self.refusalPause) }
            response = Self.response(for: known, id: call.id, path: request.uri.path)
        }
        response.headers[.requestID] = call.id
        if let attributes = request.headers[.customAttributes] { response.headers[.customAttributes] = attributes }
        // Whoever is told so asks elsewhere next time, instead of finding the connection closed.
        if Task.isShuttingDownGracefully { response.headers[.connection] = "close" }
        let size = response.headers[.contentLength] ?? "0"
        if request.method == .head { response = response.createHeadResponse() }
        let seconds = call.arrival.duration(to: .now) / .seconds(1)
        telemetry.end(route: pattern, method: Self.known(request.method), status: response.status.code, seconds: seconds)
        log(request, response, pattern, call.id, size, seconds, problem, context)
        return response
    }

    /// How long the refusal of a request for which there is no room is held back.
    private static let refusalPause = Duration.milliseconds(100)

    /// Methods are named in metrics; a client must not be able to make a series for each word that it can think of.
    private static func known(_ method: HTTPRequest.Method) -> String {
        [.get, .head, .post, .delete, .put, .patch, .options].contains(method) ? method.rawValue : "other"
    }

    /// - Throws: ``ServingError`` where a token is wanted and another one, or none, is there.
    private func authorize(_ request: Request) throws {
        guard let token else { return }
        let given = request.headers[.authorization] ?? ""
        let parts = given.split(separator: " ", maxSplits: 1)
        guard parts.count == 2, parts[0].lowercased() == "bearer", Self.areEqual(Array(parts[1].utf8), Array(token.utf8)) else {
            throw ServingError(.unauthorized, "This server wants a token: the header 'Authorization: Bearer TOKEN'.")
        }
    }

    /// Compares in a time that does not tell how much of the token is right.
    private static func areEqual(_ a: [UInt8], _ b: [UInt8]) -> Bool {
        var difference = UInt8(truncatingIfNeeded: a.count ^ b.count) | (a.count == b.count ? 0 : 1)
        for index in b.indices { difference |= (index < a.count ? a[index] : 0) ^ b[index] }
        return difference == 0
    }

    private static func response(for error: ServingError, id: String, path: String) -> Response {
        var fields = HTTPFields()
        fields[.errorType] = error.kind.rawValue
        if let seconds = error.retryAfter { fields[.retryAfter] = String(seconds) }
        if !error.allowed.isEmpty { fields[.allow] = error.allowed.joined(separator: ", ") }
        if error.kind == .unauthorized { fields[.wwwAuthenticate] = "Bearer" }
        // The Open Inference Protocol has its own form of errors.
        let body: JSONValue =
            path == "/v2" || path.hasPrefix("/v2/")
            ? .members(["error": .string(error.description)])
            : .members(["code": .string(error.kind.rawValue), "message": .string(error.description), "request_id": .string(id)])
        return Response(Array(body.line.utf8), type: "application/json", status: error.kind.status, fields: fields)
    }

    private func log(
        _ request: Request, _ response: Response, _ pattern: String, _ id: String, _ size: String, _ seconds: Double,
        _ problem: ServingError?, _ context: ServerContext
    ) {
        // The platform asks every few seconds whether the server lives.
        let isRoutine = pattern == "/ping" || pattern == "/metrics"
        let level: Logger.Level = isRoutine ? .debug : response.status.code >= 500 ? .error : .info
        guard level >= logger.logLevel else { return }
        var metadata: Logger.Metadata = [
            "request_id": .string(id), "method": .string(request.method.rawValue), "path": .string(request.uri.path),
            "status": .stringConvertible(response.status.code), "ms": .stringConvertible((seconds * 1e5).rounded() / 100),
            "bytes_out": .string(size), "client": .string(context.channel.remoteAddress?.ipAddress ?? ""),
        ]
        if let length = request.headers[.contentLength] { metadata["bytes_in"] = .string(length) }
        if let problem { metadata["problem"] = .string(problem.description) }
        if let detail = problem?.detail { metadata["detail"] = .string(detail) }
        logger.log(level: level, "request", metadata: metadata)
    }
}
