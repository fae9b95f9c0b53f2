import Synchronization

/// Pictures between acceptance and answer: how many there may be, and which of them go through a network together.
///
/// A picture is accepted (``admit(_:deadline:)``), decoded elsewhere, and waits for the network. Whenever the network is free it gets the
/// picture that has waited longest with those of the same model behind it, up to the batch's limit. Only where others of that model are
/// still being decoded does it wait for them, and no longer than the delay: somebody who is alone never waits.
final class RequestQueue: Sendable {
    /// A picture that waits for a network.
    struct Job: Sendable {
        let model: ServedModel
        let request: Engine.Request
        let deadline: ContinuousClock.Instant
        let arrival: ContinuousClock.Instant
        fileprivate let continuation: CheckedContinuation<Prediction, any Error>

        func answer(_ result: Result<Prediction, any Error>) { continuation.resume(with: result) }
    }

    private struct State {
        /// Accepted and not answered.
        var admitted = 0
        /// Bytes that they hold, as far as they were stated, and that answers hold which are not sent.
        var memory = 0
        /// Accepted and not yet waiting for the network, by model.
        var preparing: [Int: Int] = [:]
        var pending: [Job] = []
        var waiter: CheckedContinuation<[Job]?, Never>?
        var alarm: ContinuousClock.Instant?
        var isClosed = false
        var runningSince: ContinuousClock.Instant?
        /// Pictures a second, lately.
        var speed = 0.0
    }

    /// Pictures between acceptance and answer.
    let capacity: Int
    private let memoryLimit: Int
    private let delay: Duration
    private let state = Mutex(State())

    /// `memoryLimit`: bytes that pictures may hold between acceptance and answer; a single one may hold more.
    init(capacity: Int, memoryLimit: Int = .max, delay: Duration) {
        self.capacity = capacity
        self.memoryLimit = memoryLimit
        self.delay = delay
    }

    /// Pictures that were accepted and are not answered.
    var count: Int { state.withLock { $0.admitted } }

    /// Pictures that wait for a network.
    var waitingCount: Int { state.withLock { $0.pending.count } }

    /// Whether one more picture would be refused.
    var isFull: Bool { count >= capacity }

    /// Seconds that the batch in the network has taken so far; nil: there is none.
    var runningSeconds: Double? { state.withLock { $0.runningSince.map { $0.duration(to: .now) / .seconds(1) } } }

    /// The refusal of a picture for which there is no room.
    var refusal: ServingError {
        let (waiting, speed) = state.withLock { ($0.admitted, $0.speed) }
        let seconds = speed > 0 ? min(60, max(1, Int((Double(waiting) / speed).rounded(.up)))) : 1
        return ServingError(
            .tooManyRequests,
            "The server has \(waiting) pictures to answer, or answers that nobody has read, which is as much as it takes (max-queue, max-pixels). Try again in \(seconds) s.",
            retryAfter: seconds)
    }

    /// A place in the queue, given back when it is let go of.
    final class Ticket: Sendable {
        private let queue: RequestQueue
        private let model: ServedModel
        private let memory: Int
        private let deadline: ContinuousClock.Instant
        private let isPreparing = Atomic(true)

        fileprivate init(_ queue: RequestQueue, _ model: ServedModel, _ memory: Int, _ deadline: ContinuousClock.Instant) {
            self.queue = queue
            self.model = model
            self.memory = memory
            self.deadline = deadline
        }

        deinit { queue.leave(model, memory, wasPreparing: isPreparing.load(ordering: .relaxed)) }

        /// Waits for the network's answer about a picture that is decoded. To be called once.
        /// - Throws: ``ServingError`` where the deadline is over; what the network throws.
        func predict(_ request: Engine.Request) async throws -> Prediction {
            isPreparing.store(false, ordering: .relaxed)
            return try await withCheckedThrowingContinuation { continuation in
                queue.add(Job(model: model, request: request, deadline: deadline, arrival: .now, continuation: continuation))
            }
        }
    }

    /// Accepts a picture. `memory`: bytes that it will hold until it is answered.
    /// - Throws: ``ServingError`` where the queue is full, or closed: nobody would answer.
    func admit(_ model: ServedModel, memory: Int = 0, deadline: ContinuousClock.Instant) throws -> Ticket {
        let isAccepted = try state.withLock { state in
            guard !state.isClosed else { throw ServingError(.unavailable, "The server is stopping.") }
            guard state.admitted < capacity, memory == 0 || state.memory == 0 || memory <= memoryLimit - state.memory else { return false }
            state.admitted += 1
            state.memory += memory
            state.preparing[model.id, default: 0] += 1
            return true
        }
        guard isAccepted else { throw refusal }
        return Ticket(self, model, memory, deadline)
    }

    /// Memory that an answer holds until somebody has taken it.
    final class Loan: Sendable {
        private let queue: RequestQueue
        private let memory: Int

        fileprivate init(_ queue: RequestQueue, _ memory: Int) { (self.queue, self.memory) = (queue, memory) }

        deinit { queue.update { $0.memory -= memory } }
    }

    /// Counts memory that is held already, as long as the answer lives: pictures wait for it, but it waits for nothing.
    func hold(_ memory: Int) -> Loan {
        update { $0.memory += memory }
        return Loan(self, memory)
    }

    private func add(_ job: Job) {
        update { state in
            Self.decrease(&state.preparing, job.model.id)
            state.pending.append(job)
        }
    }

    private func leave(_ model: ServedModel, _ memory: Int, wasPreparing: Bool) {
        update { state in
            state.admitted -= 1
            state.memory -= memory
            if wasPreparing { Self.decrease(&state.preparing, model.id) }
        }
    }

    private static func decrease(_ counts: inout [Int: Int], _ id: Int) {
        let left = counts[id, default: 0] - 1
        counts[id] = left > 0 ? left : nil
    }

    /// The pictures that go through the network next; nil when the queue is closed and empty. For one caller at a time.
    func next(isolation: isolated (any Actor)? = #isolation) async -> [Job]? {
        await withCheckedContinuation { continuation in update { $0.waiter = continuation } }
    }

    /// The network is done with a batch. `seconds`: nil where it failed.
    func finished(_ count: Int, seconds: Double?) {
        state.withLock { state in
            state.runningSince = nil
            guard let seconds, seconds > 0 else { return }
            let speed = Double(count) / seconds
            state.speed = state.speed > 0 ? 0.9 * state.speed + 0.1 * speed : speed
        }
    }

    /// Nothing more will be accepted; what was, is answered.
    func close() { update { $0.isClosed = true } }

    // MARK: Deciding

    private enum Step {
        case none
        case give(CheckedContinuation<[Job]?, Never>, [Job]?)
        case wakeAt(ContinuousClock.Instant)
    }

    /// Changes the state and does what follows from it. Nobody is called while the state is locked.
    private func update(_ change: (inout State) -> Void) {
        let now = ContinuousClock.now
        let (step, late) = state.withLock { state in
            change(&state)
            let late = state.pending.filter { $0.deadline <= now }
            if !late.isEmpty { state.pending.removeAll { $0.deadline <= now } }
            return (decide(&state, now), late)
        }
        for job in late { job.answer(.failure(Self.lateness)) }
        switch step {
        case .none: break
        case .give(let waiter, let jobs): waiter.resume(returning: jobs)
        case .wakeAt(let instant):
            Task {
                try? await Task.sleep(until: instant, clock: .continuous)
                update { $0.alarm = nil }
            }
        }
    }

    /// The refusal of a picture that has waited too long.
    static let lateness = ServingError(
        .unavailable, "The request's deadline is over: the server has more to do than it can. Try again later.", retryAfter: 1)

    private func decide(_ state: inout State, _ now: ContinuousClock.Instant) -> Step {
        guard let waiter = state.waiter else { return .none }
        guard let oldest = state.pending.first else {
            guard state.isClosed, state.admitted == 0 else { return .none }
            state.waiter = nil
            return .give(waiter, nil)
        }
        let limit = oldest.model.batchLimit
        let chosen = state.pending.indices.filter { state.pending[$0].model.id == oldest.model.id }.prefix(limit)
        let ripe = oldest.arrival + delay
        if chosen.count < limit, state.preparing[oldest.model.id] != nil, now < ripe {
            guard state.alarm == nil else { return .none }
            state.alarm = ripe
            return .wakeAt(ripe)
        }
        let jobs = chosen.map { state.pending[$0] }
        for index in chosen.reversed() { state.pending.remove(at: index) }
        state.waiter = nil
        state.runningSince = now
        return .give(waiter, jobs)
    }
}
