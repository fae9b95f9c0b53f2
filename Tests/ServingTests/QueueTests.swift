import Datasets
import Imaging
import Synchronization
import Tasks
import Testing
import Torch

@testable import Serving

extension Serving {
    @Suite("The queue")
    struct QueueTests {
        private static func model(_ id: Int, limit: Int = 4) -> ServedModel {
            ServedModel(
                id: id, name: "m\(id)", path: "", task: .classification, classes: ["a"], network: "", isMultiLabel: false,
                preparation: { _, _ in throw ServingError(.internalError, "") }, memory: 0, batchLimit: limit)
        }

        private static let later = ContinuousClock.now + .seconds(60)

        private static func request() throws -> Engine.Request {
            Engine.Request(image: try prepared(), wantsProbabilities: false)
        }

        /// Any picture: the queue never looks at one.
        private static func prepared() throws -> PreparedImage {
            let model = try Models.classifier()
            return try ClassificationPredictor(model, device: .cpu).preparation(.pixels(Pictures.image(1)), "picture")
        }

        private static let answer = Prediction.classification(ClassificationPrediction(probabilities: [1]))

        @Test("Pictures of one model go together up to its limit, in the order of their arrival; another model's go by themselves")
        func grouping() async throws {
            let queue = RequestQueue(capacity: 20, delay: .seconds(5))
            let request = try Self.request()
            let sizes = try await withThrowingTaskGroup(of: Void.self) { group in
                for id in [1, 1, 2, 1, 1, 1, 1, 2] {
                    let ticket = try queue.admit(Self.model(id), deadline: Self.later)
                    let before = queue.waitingCount
                    group.addTask { _ = try await ticket.predict(request) }
                    while queue.waitingCount == before { await Task.yield() }
                }
                var sizes: [[Int]] = []
                for _ in 0..<3 {
                    let jobs = try #require(await queue.next())
                    sizes.append(jobs.map(\.model.id))
                    for job in jobs { job.answer(.success(Self.answer)) }
                    queue.finished(jobs.count, seconds: 0.1)
                }
                try await group.waitForAll()
                return sizes
            }
            #expect(sizes == [[1, 1, 1, 1], [2, 2], [1, 1]])
        }

        @Test("A picture waits for another one that is being decoded, and no longer than the delay")
        func delay() async throws {
            let request = try Self.request()
            // Nobody else is coming: at once, however long the delay is.
            let patient = RequestQueue(capacity: 2, delay: .seconds(600))
            let alone = try patient.admit(Self.model(1), deadline: Self.later)
            async let first = alone.predict(request)
            let jobs = try #require(await patient.next())
            #expect(jobs.count == 1)
            jobs[0].answer(.success(Self.answer))
            _ = try await first
            // Another one is being decoded and never comes: after the delay.
            let hasty = RequestQueue(capacity: 3, delay: .milliseconds(20))
            let begin = ContinuousClock.now
            let (slow, quick) = (try hasty.admit(Self.model(1), deadline: Self.later), try hasty.admit(Self.model(1), deadline: Self.later))
            async let second = quick.predict(request)
            let late = try #require(await hasty.next())
            #expect(late.count == 1 && begin.duration(to: .now) >= .milliseconds(20))
            late[0].answer(.success(Self.answer))
            _ = try await second
            withExtendedLifetime(slow) {}
        }

        @Test("The queue takes as many as it holds; a ticket that is let go makes room")
        func capacity() throws {
            let queue = RequestQueue(capacity: 2, delay: .zero)
            var tickets = [try queue.admit(Self.model(1), deadline: Self.later), try queue.admit(Self.model(2), deadline: Self.later)]
            #expect(queue.isFull)
            #expect { try queue.admit(Self.model(1), deadline: Self.later) } throws: { ($0 as? ServingError)?.kind == .tooManyRequests }
            tickets.removeLast()
            #expect(!queue.isFull)
            tickets.append(try queue.admit(Self.model(1), deadline: Self.later))
            tickets.removeAll()
            #expect(queue.count == 0)
        }

        @Test("Large pictures are refused while others hold the memory; one by itself is taken however large it is")
        func memory() throws {
            let queue = RequestQueue(capacity: 9, memoryLimit: 100, delay: .zero)
            var tickets = [try queue.admit(Self.model(1), memory: 200, deadline: Self.later)]
            #expect(throws: ServingError.self) { try queue.admit(Self.model(1), memory: 1, deadline: Self.later) }
            tickets.removeAll()
            for memory in [60, 40, 0] { tickets.append(try queue.admit(Self.model(1), memory: memory, deadline: Self.later)) }
            #expect(throws: ServingError.self) { try queue.admit(Self.model(1), memory: 1, deadline: Self.later) }
        }

        @Test("An answer that nobody has taken yet counts as memory, though nothing waits")
        func loans() throws {
            let queue = RequestQueue(capacity: 9, memoryLimit: 100, delay: .zero)
            do {
                let loan = queue.hold(80)
                try withExtendedLifetime(loan) {
                    #expect(throws: ServingError.self) { try queue.admit(Self.model(1), memory: 30, deadline: Self.later) }
                    _ = try queue.admit(Self.model(1), memory: 20, deadline: Self.later)
                    _ = try queue.admit(Self.model(1), deadline: Self.later)
                }
            }
            _ = try queue.admit(Self.model(1), memory: 200, deadline: Self.later)
            queue.close()
            #expect { try queue.admit(Self.model(1), deadline: Self.later) } throws: { ($0 as? ServingError)?.kind == .unavailable }
        }

        @Test("What has waited beyond its deadline is refused and never reaches the network")
        func deadlines() async throws {
            let queue = RequestQueue(capacity: 4, delay: .zero)
            let request = try Self.request()
            let ticket = try queue.admit(Self.model(1), deadline: .now - .seconds(1))
            await #expect { try await ticket.predict(request) } throws: { ($0 as? ServingError)?.kind == .unavailable }
        }

        @Test("A closed queue ends when what it had accepted is answered")
        func closing() async throws {
            let queue = RequestQueue(capacity: 4, delay: .zero)
            let request = try Self.request()
            async let done: Void = Self.ask(queue, request)
            while queue.waitingCount == 0 { await Task.yield() }
            queue.close()
            let jobs = try #require(await queue.next())
            jobs[0].answer(.success(Self.answer))
            try await done
            let end = await queue.next()
            #expect(end == nil)
        }

        private static func ask(_ queue: RequestQueue, _ request: Engine.Request) async throws {
            _ = try await queue.admit(model(1), deadline: later).predict(request)
        }
    }
}
