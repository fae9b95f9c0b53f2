import Datasets
import Imaging
import Tasks

/// From an encoded picture to a prediction and its bytes: limits, decoding, the queue.
struct PicturePipeline: Sendable {
    let settings: ServerSettings
    let queue: RequestQueue
    let decoders: WorkerPool
    let telemetry: Telemetry

    /// Bytes that the probabilities of one segmentation may take.
    static let probabilityLimit = 128 << 20

    /// Bytes that pictures at their full size, and probabilities, may take between acceptance and answer.
    static func memoryLimit(_ settings: ServerSettings) -> Int { max(4 * 3 * settings.pixelLimit, 2 * probabilityLimit) }

    /// What a model says about a picture, as a request wants it. `name`: what errors call the picture.
    /// - Throws: ``ServingError``.
    func answer(
        _ bytes: [UInt8], _ model: ServedModel, as choice: AnswerChoice, named name: String, deadline: ContinuousClock.Instant
    ) async throws -> [UInt8] {
        let format = choice.format
        let wantsProbabilities = format == .recordIOProtobuf || format == .protobuf
        let prediction = try await predict(bytes, model, wantsProbabilities: wantsProbabilities, named: name, deadline: deadline)
        let answer = Answer(prediction: prediction, classes: model.classes, threshold: choice.threshold)
        return try await timed(.encode) {
            // JSON is quick; masks and probabilities are not.
            model.task == .segmentation ? try await decoders.run { try answer.bytes(as: format) } : try answer.bytes(as: format)
        }
    }

    /// Decodes a picture and asks the network.
    /// - Throws: ``ServingError``.
    func predict(
        _ bytes: [UInt8], _ model: ServedModel, wantsProbabilities: Bool = false, named name: String, deadline: ContinuousClock.Instant
    ) async throws -> Prediction {
        do {
            let pixels = try check(picture: bytes, model, wantsProbabilities: wantsProbabilities)
            // The other tasks keep no more of a picture than what their networks see.
            let memory = model.task == .segmentation ? pixels * (3 + (wantsProbabilities ? 4 * model.classes.count : 0)) : 0
            let ticket = try queue.admit(model, memory: memory, deadline: deadline)
            let image = try await timed(.decode) {
                try await decoders.run {
                    if ContinuousClock.now >= deadline { throw RequestQueue.lateness }
                    return try model.preparation(.encoded(bytes), name)
                }
            }
            return try await timed(.predict) {
                try await ticket.predict(Engine.Request(image: image, wantsProbabilities: wantsProbabilities))
            }
        } catch {
            throw ServingError.about(picture: error)
        }
    }

    /// Runs `body` and notes how long it took.
    func timed<Result>(_ stage: Telemetry.Stage, _ body: () async throws -> Result) async rethrows -> Result {
        let begin = ContinuousClock.now
        let result = try await body()
        telemetry.observe(stage, seconds: begin.duration(to: .now) / .seconds(1))
        return result
    }

    // MARK: Limits

    /// Nothing is decoded and no memory taken for a picture whose header states more than is allowed.
    /// - Returns: the pixels that the header states.
    private func check(picture bytes: [UInt8], _ model: ServedModel, wantsProbabilities: Bool) throws -> Int {
        guard !bytes.isEmpty else { throw ServingError(.badRequest, "The body is empty. Send one picture, JPEG or PNG.") }
        let header = try ImageHeader(of: bytes)
        let (pixels, overflows) = header.width.multipliedReportingOverflow(by: header.height)
        guard !overflows, pixels <= settings.pixelLimit else {
            throw ServingError(
                .contentTooLarge,
                "The picture's header states \(header.width)×\(header.height) pixels; at most \(settings.pixelLimit) are decoded (max-pixels). "
                    + "Send a smaller picture.")
        }
        guard wantsProbabilities else { return pixels }
        let needed = pixels * model.classes.count * MemoryLayout<Float>.size
        guard needed <= Self.probabilityLimit else {
            throw ServingError(
                .contentTooLarge,
                "The probabilities of \(model.classes.count) classes at \(header.width)×\(header.height) pixels take \(needed >> 20) MB; "
                    + "at most \(Self.probabilityLimit >> 20) MB are sent. Ask for image/png, or send a smaller picture.")
        }
        return pixels
    }
}
