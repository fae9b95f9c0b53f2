import Datasets
import Imaging
import Tasks
import Torch
import Weights

/// The models, and all work with libtorch, on a thread of its own.
actor Engine {
    private nonisolated let thread: InferenceThread
    nonisolated var unownedExecutor: UnownedSerialExecutor { thread.asUnownedSerialExecutor() }

    private let settings: ServerSettings
    private var predictors: [Int: Predictor] = [:]
    private var loadings = 0

    init(_ settings: ServerSettings) throws {
        self.settings = settings
        thread = try InferenceThread()
    }

    deinit { thread.close() }

    /// Loads a model and runs its network once for every size of batch, for the first run of each size packs weights.
    /// - Throws: `WeightsError`, `TaskError`, `TorchError`.
    func load(name: String, path: String, memory: Int) throws -> ServedModel {
        if let threads = settings.threads { Runtime.threads = threads }
        let predictor = try Predictor(path, device: settings.device, precision: settings.precision)
        loadings += 1
        let model = ServedModel(
            id: loadings, name: name, path: path, task: predictor.task, classes: predictor.description.classes,
            network: predictor.description.network, isMultiLabel: predictor.description.multiLabel, preparation: predictor.preparation,
            memory: memory, batchLimit: predictor.task == .segmentation ? 1 : settings.resolvedBatchLimit)
        try warm(predictor, model)
        predictors[model.id] = predictor
        return model
    }

    /// How long a model may be run before it is called ready.
    private static let warmingTime = Duration.seconds(4)

    private func warm(_ predictor: Predictor, _ model: ServedModel) throws {
        let input = predictor.description.preprocessing
        // Segmentation has no size of its own.
        let image = try Image(
            width: max(input.width, 32), height: max(input.height, 32), filledWith: [UInt8](repeating: 127, count: 3))
        let ready = try model.preparation(.pixels(image), "warm-up")
        let begin = ContinuousClock.now
        var count = 1
        while count <= model.batchLimit, begin.duration(to: .now) < Self.warmingTime {
            _ = try Self.predict(predictor, [Request](repeating: Request(image: ready, wantsProbabilities: false), count: count))
            count += 1
        }
    }

    /// Lets a model go; its memory is free on return.
    func unload(_ id: Int) {
        predictors[id] = nil
        Runtime.releaseMemory()
    }

    /// What is asked about one picture.
    struct Request: Sendable {
        let image: PreparedImage
        let wantsProbabilities: Bool
    }

    /// Answers what comes out of the queue until the queue is closed and empty.
    func serve(_ queue: RequestQueue, telemetry: Telemetry) async {
        while let jobs = await queue.next() {
            let begin = ContinuousClock.now
            do {
                guard let predictor = predictors[jobs[0].model.id] else {
                    throw ServingError(.notFound, "The model '\(jobs[0].model.name)' was unloaded. Load it again.")
                }
                let predictions = try Self.predict(predictor, jobs.map(\.request))
                let seconds = begin.duration(to: .now) / .seconds(1)
                telemetry.observe(batch: jobs.count, inference: seconds)
                queue.finished(jobs.count, seconds: seconds)
                for (job, prediction) in zip(jobs, predictions) { job.answer(.success(prediction)) }
            } catch {
                queue.finished(jobs.count, seconds: nil)
                for job in jobs { job.answer(.failure(error)) }
            }
            // Loading and unloading get their turn between batches.
            await Task.yield()
        }
    }

    private static func predict(_ predictor: Predictor, _ requests: [Request]) throws -> [Prediction] {
        switch predictor {
        case .classification(let predictor):
            return try predictor.predict(requests.map(\.image)).map { .classification($0) }
        case .detection(let predictor):
            return try zip(predictor.predict(requests.map(\.image)), requests).map { .detection($0, $1.image.size) }
        case .segmentation(let predictor):
            return try requests.map {
                $0.wantsProbabilities ? .probabilities(try predictor.probabilities(of: $0.image)) : .mask(try predictor.predict($0.image))
            }
        }
    }
}
