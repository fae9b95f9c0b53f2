import Foundation
import HTTPTypes
import Hummingbird
import HummingbirdCore

/// A path with its method, and what answers it.
struct Route: Sendable {
    let method: HTTPRequest.Method
    /// As `/models/{model}/invoke`.
    let pattern: String
    /// Whether it is answered without the bearer token: what tells nothing but whether the server lives.
    var isOpen = false
    let handler: @Sendable (Call) async throws -> Response

    /// The parameters where a path fits the pattern; nil where it does not.
    func match(_ path: [Substring]) -> [String: String]? {
        let parts = pattern.split(separator: "/")
        guard parts.count == path.count else { return nil }
        var parameters: [String: String] = [:]
        for (part, given) in zip(parts, path) {
            if part.hasPrefix("{") {
                guard let value = String(given).removingPercentEncoding, !value.isEmpty else { return nil }
                parameters[String(part.dropFirst().dropLast())] = value
            } else if part != given {
                return nil
            }
        }
        return parameters
    }
}

/// All routes of a server.
struct Routes: Sendable {
    let all: [Route]

    /// The route for a request, and the parameters that its path holds.
    /// - Throws: ``ServingError`` for a path that no pattern fits, and for a method that the path does not know.
    func find(_ method: HTTPRequest.Method, _ path: String) throws -> (route: Route, parameters: [String: String]) {
        let parts = path.split(separator: "/")
        let fitting = all.compactMap { route in route.match(parts).map { (route, $0) } }
        guard let first = fitting.first else {
            throw ServingError(.notFound, "There is no '\(path.prefix(200))' here. What there is: GET /openapi.json.")
        }
        // HEAD is GET without the body, which is left out when the answer is written.
        if let found = fitting.first(where: { $0.0.method == method }) ?? fitting.first(where: { method == .head && $0.0.method == .get }) {
            return found
        }
        var methods = fitting.map(\.0.method.rawValue)
        if methods.contains("GET") { methods.append("HEAD") }
        throw ServingError(
            .methodNotAllowed, "\(first.0.pattern) does not know \(method.rawValue.prefix(20)), but \(methods.joined(separator: ", ")).",
            allowed: methods)
    }
}
