import Testing

@testable import Datasets

@Suite("Shares of mini-batches")
struct BatchShareTests {
    private func batches(_ schedule: some BatchSchedule) throws -> [[[Int]]] {
        var schedule = schedule
        var epochs: [[[Int]]] = [[]]
        while true {
            switch try schedule.next(waiting: true) {
            case .batch(_, _, let indices, _, _): epochs[epochs.count - 1].append(indices)
            case .endOfEpoch: epochs.append([])
            case .end: return epochs.dropLast()
            case .notYet: continue
            }
        }
    }

    @Test(
        "Put together, all parts in all turns are the whole mini-batches, in order and in the same steps",
        arguments: [(1, 1), (2, 1), (3, 1), (4, 2), (1, 5), (5, 2)])
    func together(parts: Int, pieces: Int) throws {
        let plan = try BatchPlan(exampleCount: 53, batchSize: 10, remainder: .drop, shuffle: true, seed: 4)
        let whole = try batches(PlannedBatches(plan, epochs: 1..<3, firstBatch: 2))
        let shares = try (0..<parts).map { part in
            try batches(PlannedBatches(plan, share: BatchShare(part: part, of: parts, pieces: pieces), epochs: 1..<3, firstBatch: 2))
        }
        for (epoch, expected) in whole.enumerated() {
            for share in shares { #expect(share[epoch].count == expected.count * pieces) }
            for (number, batch) in expected.enumerated() {
                let turns = shares.flatMap { share in share[epoch][number * pieces..<(number + 1) * pieces] }
                #expect(Array(turns.joined()) == batch)
                #expect(turns.map(\.count).max()! - turns.map(\.count).min()! <= 1)
            }
        }
    }

    @Test("Of a short last mini-batch whoever has nothing gets none; nothing is lost")
    func shortLast() throws {
        let plan = try BatchPlan(exampleCount: 9, batchSize: 8)
        let shares = try (0..<4).map { try batches(PlannedBatches(plan, share: BatchShare(part: $0, of: 4), epochs: 0..<1, firstBatch: 0)) }
        #expect(shares.flatMap { $0.joined().joined() }.sorted() == Array(0..<9))
        #expect(shares.map { $0[0].count }.sorted() == [1, 1, 1, 2])
    }

    @Test("Hosts that share the data make larger updates; hosts with data of their own don't")
    func machines() {
        #expect(BatchShare(part: 1, of: 4, machines: 2).batchSize(32) == 64)
        #expect(BatchShare(part: 1, of: 2).batchSize(32) == 32)
        #expect(BatchShare(part: 9, of: 4).part == 3 && BatchShare(part: 0, of: 0).parts == 1)
    }

    @Test("Whatever the shares, an image that can't be read is replaced by the one that one process takes", arguments: [2, 3, 8])
    func unreadable(parts: Int) throws {
        let plan = try BatchPlan(exampleCount: 32, batchSize: 8, remainder: .drop, shuffle: true, seed: 9)
        func contents(_ share: BatchShare) throws -> [[Int]] {
            let loader = try BatchLoader(
                builder: RecordingBuilder(bad: [3, 4, 5, 20]), plan: plan, share: share, epochs: 0..<1, workers: 2,
                unreadable: .skip(limit: 8))
            var found: [[Int]] = []
            while let loaded = try loader.next() { found.append(loaded.batch.content) }
            return found
        }
        let whole = try contents(.whole)
        let shares = try (0..<parts).map { try contents(BatchShare(part: $0, of: parts)) }
        #expect(whole.indices.map { batch in shares.flatMap { $0[batch] } } == whole)
    }
}
