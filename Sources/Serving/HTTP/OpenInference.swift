import Datasets
import Foundation
import HTTPTypes
import Hummingbird
import HummingbirdCore
import Reporting
import Tasks

/// The Open Inference Protocol, version 2: health, metadata and inference.
///
/// The input is one tensor, `image`, of type BYTES whose elements are JPEG or PNG files: as base64 texts in JSON, or behind the JSON as
/// they are (binary tensor data extension: 4 bytes of length before each element), or as the whole body.
/// Source: https://github.com/kserve/open-inference-protocol, Triton's extension_binary_data.md.
struct OpenInference: Sendable {
    let version: String
    let store: ModelStore
    let invocations: Invocations

    func server(_ call: Call) -> Response {
        ModelRoutes.json(
            .members(["name": .string("sightline"), "version": .string(version), "extensions": .array([.string("binary_tensor_data")])]))
    }

    func model(_ call: Call) async throws -> Response {
        let model = try await store.facts(call.parameter("model"))
        try Self.check(version: call)
        let format: [(String, String, [Int])] =
            switch model.task {
            case .classification: [("probabilities", "FP32", [-1, model.classes.count])]
            case .detection: [("detections", "FP32", [-1, -1, 6])]
            case .segmentation: [("mask", "UINT8", [1, -1, -1])]
            }
        return ModelRoutes.json(
            .members([
                "name": .string(model.name), "versions": .array([.string("1")]), "platform": .string("sightline"),
                "inputs": .array([Self.tensor("image", "BYTES", [-1])]),
                "outputs": .array(format.map { Self.tensor($0.0, $0.1, $0.2) }),
                "parameters": .members([
                    "task": .string(model.task.rawValue), "network": .string(model.network),
                    "classes": .array(model.classes.map { .string($0) }), "multi_label": .bool(model.isMultiLabel),
                ]),
            ]))
    }

    func isReady(_ call: Call) async throws -> Response {
        let listing = try await store.listing(of: call.parameter("model"))
        try Self.check(version: call)
        guard await store.isReady || listing.isLoaded else {
            throw ServingError(.unavailable, "The model \(listing.name) is not loaded yet. Ask again.")
        }
        return ModelRoutes.json(.members(["name": .string(listing.name), "ready": .bool(true)]))
    }

    /// There is one version of a model, 1.
    private static func check(version call: Call) throws {
        guard let version = call.parameters["version"], version != "1" else { return }
        throw ServingError(.notFound, "There is no version '\(version.prefix(40))' of this model, only 1.")
    }

    private static func tensor(_ name: String, _ type: String, _ shape: [Int]) -> JSONValue {
        .members(["name": .string(name), "datatype": .string(type), "shape": .array(shape.map { .integer($0) })])
    }

    // MARK: Inference

    func infer(_ call: Call) async throws -> Response {
        try Self.check(version: call)
        let pictures = invocations.pictures
        if pictures.queue.isFull { throw pictures.queue.refusal }
        _ = try await store.listing(of: call.parameter("model"))
        let body = try await invocations.bodies.read(call.request)
        let deadline = call.arrival + .seconds(invocations.settings.deadline)
        return try await store.withModel(call.parameter("model"), deadline: deadline) { model in
            let contents = try InferenceInput.parse(
                body.bytes, headerLength: call.request.headers[.inferenceHeaderLength], contentType: call.request.headers[.contentType])
            let images = contents.images
            if model.task == .segmentation, images.count != 1 {
                throw ServingError(
                    .badRequest,
                    "inputs[0].shape is [\(images.count)]; a segmentation model takes one image, for masks have the images' sizes.")
            }
            guard images.count <= invocations.settings.queueLimit else {
                throw ServingError(
                    .contentTooLarge,
                    "inputs[0] holds \(images.count) images, and \(invocations.settings.queueLimit) are accepted at once (max-queue). Send fewer."
                )
            }
            let predictions = try await withThrowingTaskGroup(of: (Int, Prediction).self) { group in
                for (index, image) in images.enumerated() {
                    group.addTask {
                        (index, try await pictures.predict(image, model, named: "inputs[0].data[\(index)]", deadline: deadline))
                    }
                }
                var found = [Prediction?](repeating: nil, count: images.count)
                for try await (index, prediction) in group { found[index] = prediction }
                return found.compactMap { $0?.above(contents.threshold) }
            }
            return ModelRoutes.json(
                .members([
                    "model_name": .string(model.name), "model_version": .string("1"), "id": contents.id.map { .string($0) },
                    "outputs": .array([Self.output(predictions)]),
                ]), countedBy: pictures.queue)
        }
    }

    private static func output(_ predictions: [Prediction]) -> JSONValue {
        func tensor(_ name: String, _ type: String, _ shape: [Int], _ data: JSONValue) -> JSONValue {
            .members([
                "name": .string(name), "datatype": .string(type), "shape": .array(shape.map { .integer($0) }), "data": data,
            ])
        }
        var probabilities: [JSONValue] = [], rows: [[Detection]] = []
        for prediction in predictions {
            switch prediction {
            case .classification(let found): probabilities += found.probabilities.map { .float($0) }
            case .detection(let found, _): rows.append(found)
            case .mask(let mask):
                return tensor("mask", "UINT8", [1, mask.size.height, mask.size.width], .bytes(mask.classIDs))
            case .probabilities: break
            }
        }
        guard !rows.isEmpty else {
            return tensor(
                "probabilities", "FP32", [predictions.count, probabilities.count / max(1, predictions.count)], .array(probabilities))
        }
        // Images with fewer objects are filled up with rows of -1, which is no class.
        let most = rows.map(\.count).max() ?? 0
        let data = rows.flatMap { found in
            found.flatMap { [Float($0.classID), $0.score, $0.left, $0.top, $0.right, $0.bottom] }
                + [Float](repeating: -1, count: (most - found.count) * 6)
        }
        return tensor("detections", "FP32", [rows.count, most, 6], .array(data.map { .float($0) }))
    }
}
