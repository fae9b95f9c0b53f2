import HTTPTypes
import Hummingbird
import HummingbirdCore

/// Requests whose body is one picture: headers, limits, and the answer.
struct Invocations: Sendable {
    let settings: ServerSettings
    let store: ModelStore
    let pictures: PicturePipeline
    let bodies: BodyReader

    /// The content types of pictures.
    static let contentTypes = ["image/jpeg", "image/png", "application/x-image"]

    /// Answers a request whose body is one picture. `name`: of the model; nil where there is only one.
    func answer(_ call: Call, model name: String?) async throws -> Response {
        let request = call.request
        try Self.check(contentType: request.headers[.contentType])
        try Self.check(customAttributes: request.headers[.customAttributes])
        try bodies.check(request)
        // Refused before its body is received: under overload that is most of a request's price.
        if pictures.queue.isFull { throw pictures.queue.refusal }
        if let name { _ = try await store.listing(of: name) }
        let accept = request.headers[.accept]
        // First the body: a model that has to be loaded keeps nobody from sending, and a slow sender no model from being unloaded.
        let body = try await pictures.timed(.receive) { try await bodies.read(request) }
        let deadline = call.arrival + .seconds(settings.deadline)
        return try await store.withModel(name, deadline: deadline) { model in
            let choice = try AnswerChoice(accept: accept, task: model.task, isBatchTransform: settings.isBatchTransform)
            let bytes = try await pictures.answer(body.bytes, model, as: choice, named: "The picture", deadline: deadline)
            return Response(bytes, type: choice.format.contentType, countedBy: pictures.queue)
        }
    }

    /// A picture's content types, or none: its bytes tell what it is.
    static func check(contentType: String?) throws {
        guard let contentType, !contentType.trimmed.isEmpty else { return }
        guard let type = MediaType(contentType), contentTypes.contains(type.name) else {
            throw ServingError(
                .unsupportedMediaType,
                "Content-Type: '\(contentType.prefix(100))' is none of \(contentTypes.joined(separator: ", ")). Send one picture.")
        }
    }

    /// Attributes come back as they were sent, if they can be sent at all.
    static func check(customAttributes: String?) throws {
        guard let customAttributes else { return }
        guard customAttributes.utf8.count <= 1024, customAttributes.utf8.allSatisfy({ (0x20...0x7E).contains($0) }) else {
            throw ServingError(
                .badRequest,
                "X-Amzn-SageMaker-Custom-Attributes holds \(customAttributes.utf8.count) bytes; it takes 1024 ASCII characters.")
        }
    }
}
