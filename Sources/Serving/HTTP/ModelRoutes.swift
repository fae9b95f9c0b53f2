import Foundation
import HTTPTypes
import Hummingbird
import HummingbirdCore
import Reporting

/// The routes of a multi-model endpoint: which models there are, loading and unloading.
///
/// Source: spec container-contract.md, "Multi-model endpoints".
struct ModelRoutes: Sendable {
    let store: ModelStore
    let bodies: BodyReader

    /// Models that one answer lists.
    static let pageSize = 100

    func list(_ call: Call) async throws -> Response {
        var listings = await store.listings
        if let token = call.request.uri.queryParameters["next_page_token"] {
            // The name behind which the page begins.
            let last = String(token)
            listings.removeAll { $0.name <= last }
        }
        let page = listings.prefix(Self.pageSize)
        return Self.json(
            .members([
                "models": .array(page.map(Self.entry)),
                "nextPageToken": listings.count > page.count ? page.last.map { .string($0.name) } : nil,
            ]))
    }

    func show(_ call: Call) async throws -> Response { Self.json(Self.entry(try await store.listing(of: call.parameter("model")))) }

    private static func entry(_ listing: ModelStore.Listing) -> JSONValue {
        .members(["modelName": .string(listing.name), "modelUrl": .string(listing.path)])
    }

    private struct Loading: Decodable {
        let model_name: String
        let url: String
    }

    func load(_ call: Call) async throws -> Response {
        let body = try await bodies.read(call.request)
        let wanted: Loading
        do {
            wanted = try JSONDecoder().decode(Loading.self, from: Data(body.bytes))
        } catch {
            throw ServingError(
                .badRequest, #"The body is not {"model_name": "…", "url": "…"}: \#(Self.reason(error)). Send both as strings."#)
        }
        try await store.load(name: wanted.model_name, url: wanted.url)
        return Self.json(.members(["modelName": .string(wanted.model_name), "modelUrl": .string(wanted.url)]))
    }

    func unload(_ call: Call) async throws -> Response {
        let name = call.parameter("model")
        try await store.unload(name: name)
        return Self.json(.members(["modelName": .string(name)]))
    }

    static func json(_ value: JSONValue, countedBy queue: RequestQueue? = nil) -> Response {
        Response(Array(value.line.utf8), type: "application/json", countedBy: queue)
    }

    /// What Foundation's decoder says, in a few words.
    static func reason(_ error: any Error) -> String {
        switch error {
        case DecodingError.keyNotFound(let key, let context): "'\(path(context, key))' is missing"
        case DecodingError.typeMismatch(_, let context), DecodingError.valueNotFound(_, let context): "'\(path(context))' has another type"
        default: "it is not JSON"
        }
    }

    private static func path(_ context: DecodingError.Context, _ key: (any CodingKey)? = nil) -> String {
        (context.codingPath + (key.map { [$0] } ?? [])).map { $0.intValue.map { "[\($0)]" } ?? $0.stringValue }.joined(separator: ".")
    }
}
