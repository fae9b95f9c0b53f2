import Datasets
import Foundation
import Launch
import Synchronization
import Tasks
import Testing
import Torch

@testable import Training

/// Ranks in threads of one process.
@Suite("Ranks of one job", .serialized, .timeLimit(.minutes(1)))
struct RankGroupTests {
    /// What each rank came to.
    private final class Results<Value: Sendable>: Sendable {
        private let all: Mutex<[Result<Value, any Error>?]>
        init(_ count: Int) { all = Mutex(Array(repeating: nil, count: count)) }
        func set(_ rank: Int, _ result: Result<Value, any Error>) { all.withLock { $0[rank] = result } }
        var values: [Result<Value, any Error>] { all.withLock { $0.compactMap { $0 } } }
    }

    /// What `body` came to in each of `count` ranks.
    private static func ranks<Value: Sendable>(
        _ count: Int, _ body: @escaping @Sendable (RankGroup) throws -> Value
    ) -> [Result<Value, any Error>] {
        let port = Int.random(in: 20_000..<32_000)
        let results = Results<Value>(count)
        // A thread for each: a queue has no more than there are cores, and all must be there at once.
        let running = DispatchGroup()
        for rank in 0..<count {
            running.enter()
            Thread.detachNewThread {
                let placement = Placement(
                    rank: rank, size: count, localRank: rank, localSize: count, address: Placement.loopback, port: port, host: "here",
                    launcher: .sightline)
                let result = Result {
                    let group = try RankGroup(placement) { _ in }
                    return try RankGroup.together(group) { try body(group) }
                }
                results.set(rank, result)
                running.leave()
            }
        }
        running.wait()
        return results.values
    }

    @Test("The fewest steps of any rank are those of all; where one can't tell, nobody can")
    func fewest() throws {
        let found = try Self.ranks(2) { ranks in
            [try ranks.fewest(7 - ranks.rank), try ranks.fewest(ranks.rank == 0 ? nil : 3), try ranks.fewest(0)]
        }.map { try $0.get() }
        #expect(found == [[6, nil, 0], [6, nil, 0]])
    }

    @Test("Ranks with other settings than the first are named in all, with both values")
    func agreement() throws {
        let same = Self.ranks(2) { try $0.agree(on: ["epochs": "3", "classes": "a, b"]) }
        for result in same { try result.get() }
        let other = Self.ranks(3) { ranks in
            try ranks.agree(on: ranks.rank == 2 ? ["epochs": "3", "classes": "a, c"] : ["epochs": "3", "classes": "a, b"])
        }
        #expect(other.count == 3)
        for result in other {
            let error = #expect(throws: TrainingError.self) { try result.get() }
            #expect(error?.kind == .disagreement)
            #expect(error?.description.hasPrefix("Rank 2 of 3 on here has classes a, c, rank 0 has a, b.") == true)
        }
        let missing = Self.ranks(2) { try $0.agree(on: $0.rank == 0 ? ["start": "x"] : [:]) }
        for result in missing {
            let error = #expect(throws: TrainingError.self) { try result.get() }
            #expect(error?.description.hasPrefix("Rank 1 of 2 on here has start unset, rank 0 has x.") == true)
        }
    }

    @Test("Where one rank stops counting all of them stop, whether they were told to or not")
    func stopCounting() throws {
        let stopped = Self.ranks(3) { ranks in
            if ranks.rank == 1 {
                try ranks.stopCounting()
                throw ValidationStopped()
            }
            _ = try ranks.gather([1])
        }
        #expect(stopped.count == 3)
        for result in stopped { #expect(throws: ValidationStopped.self) { try result.get() } }
        let counted = Self.ranks(2) { try $0.gather([Double]($0.rank == 0 ? [1, 2, 3] : [4])) }
        for result in counted { #expect(try result.get() == [[1, 2, 3], [4]]) }
    }

    @Test("What libtorch refuses one rank is that one's own failure, of which the others hear")
    func ownFailure() throws {
        let failed = Self.ranks(2) { ranks in
            if ranks.rank == 1 { try ranks.calling { throw TorchError("out of memory") } }
            _ = try ranks.gather([1])
        }
        let own = #expect(throws: TorchError.self) { try failed[1].get() }
        #expect(own?.description == "out of memory")
        let other = #expect(throws: TrainingError.self) { try failed[0].get() }
        #expect(other?.kind == .ranks && other?.description == "Rank 1 of 2 on here has failed: out of memory")
    }

    @Test("Rank 0's error is everybody's")
    func firstFails() throws {
        let failed = Self.ranks(2) { try $0.fromFirst { throw TrainingError(.finished, "It is done.") } }
        for result in failed {
            let error = #expect(throws: TrainingError.self) { try result.get() }
            #expect(error == TrainingError(.finished, "It is done."))
        }
    }
}
