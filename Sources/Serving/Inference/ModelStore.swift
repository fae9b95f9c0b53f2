import Datasets
import Foundation
import Torch
import Weights

/// Which models there are, and which of them are in memory.
///
/// A model that is not in memory is loaded by the first request for it. Where models may take only so much memory, those that were used
/// longest ago make room when they have answered; they stay known and come back when they are asked for.
actor ModelStore {
    private struct Entry {
        let path: String
        var model: ServedModel?
        /// What is known of it, once somebody has asked.
        var facts: ModelFacts?
        /// When it was last asked for, in order.
        var lastUse = 0
    }

    /// What is known of a model without asking for it.
    struct Listing: Sendable, Equatable {
        let name: String
        let path: String
        let isLoaded: Bool
    }

    private let engine: Engine
    private let settings: ServerSettings
    private let telemetry: Telemetry
    private var entries: [String: Entry] = [:]
    private var clock = 0
    /// Requests that each loaded model answers now, by its id, and who waits for the last of them.
    private var uses: [Int: Int] = [:]
    private var waiting: [Int: [CheckedContinuation<Void, Never>]] = [:]
    /// The last of the changes that are made one after the other.
    private var lastChange: Task<Void, Never>?
    /// Whether all models of the start have been loaded.
    private(set) var isReady = false

    init(engine: Engine, settings: ServerSettings, telemetry: Telemetry) {
        self.engine = engine
        self.settings = settings
        self.telemetry = telemetry
    }

    // MARK: Asking

    /// Names in alphabetical order.
    var listings: [Listing] {
        entries.sorted { $0.key < $1.key }.map { Listing(name: $0.key, path: $0.value.path, isLoaded: $0.value.model != nil) }
    }

    /// What is known of one model.
    /// - Throws: ``ServingError`` where there is none of this name.
    func listing(of name: String) throws -> Listing {
        guard let entry = entries[name] else { throw missing(name) }
        return Listing(name: name, path: entry.path, isLoaded: entry.model != nil)
    }

    private func missing(_ name: String) -> ServingError {
        let known = entries.keys.sorted()
        let list =
            known.isEmpty ? "none is loaded" : "there are " + known.prefix(10).joined(separator: ", ") + (known.count > 10 ? ", …" : "")
        return ServingError(.notFound, "There is no model '\(name.prefix(80))'; \(list).")
    }

    // MARK: Using

    /// Runs `body` with a model, which stays in memory meanwhile. `name`: nil where there is only one. `deadline`: when nobody waits for the
    /// answer any more; a model is not loaded for that.
    /// - Throws: ``ServingError`` where there is no such model, none can be loaded, or too many wait for one; what `body` throws.
    nonisolated func withModel<Result: Sendable>(
        _ name: String?, deadline: ContinuousClock.Instant? = nil, _ body: @Sendable (ServedModel) async throws -> Result
    ) async throws -> Result {
        let model = try await acquire(name, deadline)
        do {
            let result = try await body(model)
            await release(model)
            return result
        } catch {
            await release(model)
            throw error
        }
    }

    private func acquire(_ wanted: String?, _ deadline: ContinuousClock.Instant?) async throws -> ServedModel {
        let name = try wanted ?? onlyName()
        guard let entry = entries[name] else { throw missing(name) }
        clock += 1
        entries[name]?.lastUse = clock
        if let model = entry.model {
            uses[model.id, default: 0] += 1
            return model
        }
        guard isReady else { throw ServingError(.unavailable, "The model '\(name)' is being loaded. Try again.", retryAfter: 1) }
        guard waitingForModels < settings.queueLimit else {
            throw ServingError(
                .tooManyRequests, "\(waitingForModels) requests wait for models to be loaded, which is as many as may (max-queue).",
                retryAfter: 1)
        }
        waitingForModels += 1
        defer { waitingForModels -= 1 }
        return try await oneByOne { [self] in
            if let deadline, ContinuousClock.now >= deadline { throw RequestQueue.lateness }
            let model: ServedModel
            do {
                model = try await bring(name)
            } catch {
                // Who sent a picture has no part in it.
                let known = ServingError.about(model: error)
                guard known.kind == .badRequest else { throw known }
                var told = ServingError(.internalError, "The model '\(name)' can't be loaded any more; the server's log says why.")
                told.detail = known.description
                throw told
            }
            await use(model)
            return model
        }
    }

    /// What is known of a model without bringing it into memory. `name`: nil where there is only one.
    /// - Throws: ``ServingError`` where there is no such model, or its files are gone.
    nonisolated func facts(_ name: String?) async throws -> ModelFacts {
        let (name, path, known) = try await place(of: name)
        if let known { return known }
        guard let description = try? ModelFolder.read(path).description, let task = VisionTask(rawValue: description.task) else {
            // Weights alone: only the network tells.
            return try await withModel(name) { ModelFacts($0) }
        }
        let facts = ModelFacts(
            name: name, task: task, network: description.network, classes: description.classes, isMultiLabel: description.multiLabel)
        await keep(facts, of: path)
        return facts
    }

    private func place(of wanted: String?) throws -> (name: String, path: String, known: ModelFacts?) {
        let name = try wanted ?? onlyName()
        guard let entry = entries[name] else { throw missing(name) }
        return (name, entry.path, entry.model.map { ModelFacts($0) } ?? entry.facts)
    }

    private func keep(_ facts: ModelFacts, of path: String) {
        if entries[facts.name]?.path == path { entries[facts.name]?.facts = facts }
    }

    /// Requests for models that must be loaded first.
    private var waitingForModels = 0

    private func use(_ model: ServedModel) { uses[model.id, default: 0] += 1 }

    private func onlyName() throws -> String {
        if entries.count == 1, let name = entries.keys.first { return name }
        guard entries.isEmpty else {
            throw ServingError(
                .badRequest,
                "There are \(entries.count) models. Name one: POST /models/NAME/invoke, or the header X-Amzn-SageMaker-Target-Model.")
        }
        throw ServingError(.notFound, "There is no model. Load one: POST /models.")
    }

    private func release(_ model: ServedModel) {
        let left = uses[model.id, default: 0] - 1
        uses[model.id] = left > 0 ? left : nil
        if left <= 0 { for continuation in waiting.removeValue(forKey: model.id) ?? [] { continuation.resume() } }
    }

    private func waitUntilIdle(_ model: ServedModel) async {
        while uses[model.id] != nil {
            await withCheckedContinuation { waiting[model.id, default: []].append($0) }
        }
    }

    // MARK: Changing

    /// Changes are made one after the other: what makes room for a model must not be taken by another one.
    private func oneByOne<Result: Sendable>(_ body: @escaping @Sendable () async throws -> Result) async throws -> Result {
        let previous = lastChange
        let task = Task {
            await previous?.value
            return try await body()
        }
        lastChange = Task { _ = await task.result }
        return try await task.value
    }

    /// Loads the models of the start, as many as fit; the others are loaded when they are asked for.
    /// - Throws: ``ServingError`` where one can't be loaded.
    func loadFirst() async throws {
        for model in settings.models { entries[model.name] = Entry(path: model.path) }
        for model in settings.models {
            try await oneByOne { [self] in
                // A request may have removed it meanwhile.
                guard await entries[model.name] != nil else { return }
                let needed = try await memory(of: model.path)
                guard await fits(needed, alone: true) else { throw await tooLarge(model.name, needed) }
                // Nothing is unloaded for it: the first ones are as likely to be asked for.
                if await fits(needed, alone: false) { _ = try await bring(model.name) }
            }
        }
        isReady = true
    }

    /// Makes a model known and loads it.
    /// - Throws: ``ServingError``: the name is taken, the path is not below the root, the memory does not suffice, the model can't be read.
    func load(name: String, url: String) async throws {
        guard let root = settings.modelRoot else {
            throw ServingError(.notFound, "This server loads no models by request. Start it with --model-root FOLDER.")
        }
        try ServerSettings.check(modelName: name)
        let path = try Self.resolve(url, below: root)
        try await oneByOne { [self] in
            try await add(name: name, path: path)
            do {
                _ = try await bring(name)
            } catch {
                await forget(name)
                throw ServingError.about(model: error)
            }
        }
    }

    private func add(name: String, path: String) throws {
        guard entries[name] == nil else {
            throw ServingError(.conflict, "A model '\(name)' is loaded already. DELETE /models/\(name) first, or use another name.")
        }
        clock += 1
        entries[name] = Entry(path: path, lastUse: clock)
    }

    private func forget(_ name: String) { entries[name] = nil }

    /// Forgets a model; its memory is free on return.
    /// - Throws: ``ServingError`` where there is none of this name, and where it could not be loaded again.
    func unload(name: String) async throws {
        guard settings.modelRoot != nil else {
            throw ServingError(.notFound, "This server unloads no models by request. Start it with --model-root FOLDER.")
        }
        try await oneByOne { [self] in try await remove(name) }
    }

    private func remove(_ name: String) async throws {
        guard let entry = entries.removeValue(forKey: name) else { throw missing(name) }
        guard let model = entry.model else { return }
        await waitUntilIdle(model)
        await engine.unload(model.id)
        report()
    }

    /// The model in memory; loads it, and makes room for it, where it is not.
    private func bring(_ name: String) async throws -> ServedModel {
        guard let entry = entries[name] else { throw missing(name) }
        if let model = entry.model { return model }
        let needed = try await memory(of: entry.path)
        guard fits(needed, alone: true) else { throw tooLarge(name, needed) }
        while !fits(needed, alone: false), let victim = leastWanted() {
            // Whoever asks for it from now on waits until it is back.
            entries[victim.name]?.model = nil
            await waitUntilIdle(victim)
            await engine.unload(victim.id)
            telemetry.countEviction()
        }
        let model = try await engine.load(name: name, path: entry.path, memory: needed)
        entries[name]?.model = model
        report()
        return model
    }

    /// The model that makes room: of those that answer nobody now the one that was asked for longest ago, or else of all.
    private func leastWanted() -> ServedModel? {
        func isBusy(_ entry: Entry) -> Bool { entry.model.map { uses[$0.id] != nil } ?? false }
        let loaded = entries.values.filter { $0.model != nil }
        return loaded.min { (isBusy($0) ? 1 : 0, $0.lastUse) < (isBusy($1) ? 1 : 0, $1.lastUse) }?.model
    }

    private var memoryInUse: Int { entries.values.reduce(0) { $0 + ($1.model?.memory ?? 0) } }

    private func fits(_ needed: Int, alone: Bool) -> Bool {
        settings.memoryLimit.map { (alone ? 0 : memoryInUse) + needed <= $0 } ?? true
    }

    private func tooLarge(_ name: String, _ needed: Int) -> ServingError {
        let limit = settings.memoryLimit ?? 0
        return ServingError(
            .insufficientMemory,
            "The model '\(name)' takes about \(needed >> 20) MB; of \(limit >> 20) MB for all models, \(memoryInUse >> 20) MB are taken. "
                + "Unload a model, or raise --memory-limit.")
    }

    private func report() { telemetry.set(models: entries.values.count { $0.model != nil }, memory: memoryInUse) }

    /// What a model occupies when it is loaded, from the size of its weights: the weights as they are prepared for each kernel, and the
    /// largest maps between layers.
    ///
    /// ResNet-50, with 102 MB of weights, takes 375 MB in float32 and 180 MB in bfloat16 with batches up to 8.
    private func memory(of path: String) async throws -> Int {
        let precision = settings.precision ?? settings.device.nativeReducedPrecision ?? .float32
        do {
            // An archive is unpacked for it, while others go on asking for models.
            return try await Task.detached {
                let size = try ModelFolder.read(path).weights.arrays.reduce(0) { $0 + $1.elementCount * 4 }
                return (precision == .float32 ? 3 * size : size + size / 4) + 64 << 20
            }.value
        } catch {
            throw ServingError.about(model: error)
        }
    }

    /// A path below the root, whatever links and `..` it holds.
    static func resolve(_ url: String, below root: String) throws -> String {
        let path = url.hasPrefix("/") ? url : root + "/" + url
        let real = URL(fileURLWithPath: path).resolvingSymlinksInPath().standardizedFileURL.path
        let base = URL(fileURLWithPath: root).resolvingSymlinksInPath().standardizedFileURL.path
        guard real == base || real.hasPrefix(base.hasSuffix("/") ? base : base + "/") else {
            throw ServingError(.badRequest, "url '\(url.prefix(200))' does not lie below \(root), from where models are loaded.")
        }
        guard FileManager.default.fileExists(atPath: real) else {
            throw ServingError(.badRequest, "url '\(url.prefix(200))': there is no such model. Give a model folder below \(root).")
        }
        return real
    }
}
