import Datasets
import Foundation
import Machine
import Storage

/// Asks a model about every object of a folder or S3 prefix, and keeps each answer under the object's name with `.out` behind it.
///
/// An object that fails leaves no answer and stops nobody else; it is told at the end. Objects that have an answer already are passed
/// over, so that a transform that broke off is gone on with by the same call; where they are another model's or of another form, it is
/// refused.
public struct BatchTransform: Sendable {
    /// What is transformed, and how.
    public struct Settings: Sendable {
        /// Where pictures are.
        public var input: Location
        /// Where answers go.
        public var output: Location
        /// The answers' form, as the header `Accept`; nil: the task's own.
        public var accept: String?
        /// This host's share of the objects; nil: all.
        public var shard: RecordShard?
        /// Whether objects that have an answer are asked about again.
        public var overwrites = false

        /// Every object of `input`, in the task's own form.
        public init(input: Location, output: Location) {
            self.input = input
            self.output = output
        }
    }

    /// What came of it.
    public struct Report: Sendable {
        /// Objects of this share.
        public internal(set) var objects = 0
        /// Answers that were written now.
        public internal(set) var written = 0
        /// Objects that had an answer.
        public internal(set) var skipped = 0
        /// Objects without an answer, and why, in the order of their names.
        public internal(set) var failures: [(object: String, reason: String)] = []
        /// Whether it was stopped before the end.
        public internal(set) var isStopped = false
    }

    /// What answers have behind their objects' names.
    static let suffix = ".out"

    private let server: ServerSettings
    private let settings: Settings
    private let stores: Stores

    /// A transform. `server`: the model, limits, batches and threads; `stores`: opens both places.
    public init(_ settings: Settings, server: ServerSettings, stores: Stores = Stores()) throws {
        try server.check()
        (self.settings, self.server, self.stores) = (settings, server, stores)
    }

    /// Does it. `progress`: objects that are done, of how many.
    /// - Throws: ``ServingError`` for a model or a form that can't be; `StorageError` where a place can't be listed.
    public func run(
        shouldStop: @escaping @Sendable () -> Bool = { false }, progress: (Int, Int) -> Void = { _, _ in }
    ) async throws -> Report {
        let engine = try Engine(server), telemetry = Telemetry()
        let queue = RequestQueue(capacity: .max, delay: .seconds(server.batchDelay))
        let store = ModelStore(engine: engine, settings: server, telemetry: telemetry)
        let decoders = try WorkerPool(name: "decoder", count: server.resolvedDecoders)
        // A request to a bucket is mostly waiting.
        let storage = try WorkerPool(name: "storage", count: 8)
        defer {
            queue.close()
            decoders.close()
            storage.close()
        }
        do { try await store.loadFirst() } catch { throw ServingError.about(model: error) }
        let model = try await store.withModel(nil) { $0 }
        let choice = try AnswerChoice(accept: settings.accept, task: model.task, isBatchTransform: true)
        let form = AnswerForm(model: try AnswerForm.digest(of: model.path), type: choice.acceptance)
        // Who shares the work with others doesn't know when all of it is done.
        let replaces = settings.overwrites && settings.shard == nil
        let work = try await storage.run {
            let work = try list()
            var form = form
            form.isReplacing = replaces
            try form.keep(in: work.output, hasAnswers: work.hasAnswers, at: work.output.place)
            return work
        }
        Task { await engine.serve(queue, telemetry: telemetry) }
        let pictures = PicturePipeline(settings: server, queue: queue, decoders: decoders, telemetry: telemetry)
        let report = await transform(work, model, choice, pictures, storage, shouldStop, progress)
        if replaces, !report.isStopped { try await storage.run { try form.write(to: work.output) } }
        return report
    }

    // MARK: What there is to do

    private struct Work: Sendable {
        let input: any ObjectStore
        let output: any ObjectStore
        let todo: [StoredObject]
        let skipped: Int
        /// Whether answers that are there stay, of these objects or of others.
        let hasAnswers: Bool
    }

    /// One text for each place: a folder has many paths.
    private static func canonical(_ place: String) -> String {
        let path = place.contains("://") ? place : realPath(place)
        return path.hasSuffix("/") ? String(path.dropLast()) : path
    }

    private func list() throws -> Work {
        let input = try stores.open(settings.input), output = try stores.open(settings.output)
        var done: Set<String> = []
        // A folder that is not there yet holds no answers.
        if !settings.overwrites, try exists(settings.output) { done = Set(try output.list().map(\.name)) }
        // Answers that lie among or below the pictures are none.
        let (pictures, answers) = (Self.canonical(input.place), Self.canonical(output.place))
        let below = answers.hasPrefix(pictures + "/") ? String(answers.dropFirst(pictures.count + 1)) + "/" : nil
        let objects = try input.list().filter { object in
            pictures == answers ? !object.name.hasSuffix(Self.suffix) : below.map { !object.name.hasPrefix($0) } ?? true
        }
        let share = settings.shard.map { shard in shard.indices(of: objects.count).map { objects[$0] } } ?? objects
        let todo = share.filter { !done.contains($0.name + Self.suffix) }
        return Work(
            input: input, output: output, todo: todo, skipped: share.count - todo.count,
            hasAnswers: done.contains { $0.hasSuffix(Self.suffix) })
    }

    private static func folder(_ place: String) -> String { place.hasSuffix("/") ? place : place + "/" }

    private func exists(_ location: Location) throws -> Bool {
        if case .file(let path) = location { FileManager.default.fileExists(atPath: path) } else { true }
    }

    // MARK: Doing it

    private func transform(
        _ work: Work, _ model: ServedModel, _ choice: AnswerChoice, _ pictures: PicturePipeline, _ storage: WorkerPool,
        _ shouldStop: @Sendable () -> Bool, _ progress: (Int, Int) -> Void
    ) async -> Report {
        var report = Report()
        report.skipped = work.skipped
        report.objects = work.skipped + work.todo.count
        // Enough that the next batch is decoded while one is in the network.
        let width = 2 * model.batchLimit + 4
        await withTaskGroup(of: (String, String?).self) { group in
            var next = 0
            func start() {
                guard next < work.todo.count else { return }
                guard !shouldStop() else {
                    report.isStopped = true
                    return
                }
                let object = work.todo[next]
                next += 1
                group.addTask {
                    do {
                        try await answer(object, work, model, choice, pictures, storage)
                        return (object.name, nil)
                    } catch {
                        // What another model has said of it is no answer.
                        if settings.overwrites { try? await storage.run { try work.output.remove(object.name + Self.suffix) } }
                        return (object.name, "\(error)")
                    }
                }
            }
            for _ in 0..<width { start() }
            while let (name, reason) = await group.next() {
                if let reason { report.failures.append((work.input.location(of: name), reason)) } else { report.written += 1 }
                progress(report.skipped + report.written + report.failures.count, report.objects)
                start()
            }
        }
        report.failures.sort { $0.object < $1.object }
        return report
    }

    private func answer(
        _ object: StoredObject, _ work: Work, _ model: ServedModel, _ choice: AnswerChoice, _ pictures: PicturePipeline,
        _ storage: WorkerPool
    ) async throws {
        guard object.size <= server.payloadLimit else {
            throw ServingError(
                .contentTooLarge, "it has \(object.size) bytes, and at most \(server.payloadLimit) are taken (--max-payload)")
        }
        let bytes = try await storage.run { try work.input.bytes(of: object.name) }
        let answer = try await pictures.answer(
            bytes, model, as: choice, named: work.input.location(of: object.name), deadline: .now + .seconds(86400))
        try await storage.run { try work.output.write(answer, to: object.name + Self.suffix) }
    }
}
