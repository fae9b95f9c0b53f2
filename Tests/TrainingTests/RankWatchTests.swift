import Foundation
import Synchronization
import Testing
import Torch

@testable import Training

/// Watches in threads of one process, with a store of their own.
@Suite("Watching over the processes of a job", .serialized, .timeLimit(.minutes(1)))
final class RankWatchTests {
    /// What a watch said.
    private final class Ear: Sendable {
        private let all = Mutex<[String]>([])
        var reasons: [String] { all.withLock { $0 } }
        func hear(_ reason: String) { all.withLock { $0.append(reason) } }

        /// The first thing that was said; nil: nothing in `seconds`.
        func first(within seconds: Double = 20) -> String? {
            for _ in 0..<Int(seconds * 50) where reasons.isEmpty { usleep(20_000) }
            return reasons.first
        }
    }

    private static let names = ["Rank 0 of 3 on here", "Rank 1 of 3 on there", "Rank 2 of 3 on yonder"]

    private var server: KeyStore?
    private let port: Int
    private var watches: [RankWatch] = []

    init() throws {
        // The store itself can't choose a free one.
        var found: (KeyStore, Int)?
        for _ in 0..<20 where found == nil {
            let port = Int.random(in: 20_000..<32_000)
            found = (try? KeyStore(host: "127.0.0.1", port: port, serves: true, seconds: 10)).map { ($0, port) }
        }
        (server, port) = try #require(found)
    }

    deinit { for watch in watches { watch.stop() } }

    private func watch(_ rank: Int, _ ear: Ear, silence: Double = 20) throws -> RankWatch {
        let watch = try RankWatch(
            rank: rank, names: Self.names, patience: .init(interval: 0.1, silence: silence),
            open: { [port] in try KeyStore(host: "127.0.0.1", port: port, serves: false, seconds: 5) }, onLoss: ear.hear)
        watches.append(watch)
        return watch
    }

    @Test("A rank that counts no more is named to all others, and one that does is not")
    func silent() throws {
        let ears = [Ear(), Ear(), Ear()]
        for rank in 0..<2 { _ = try watch(rank, ears[rank], silence: 2) }
        let third = try watch(2, ears[2], silence: 2)
        usleep(2_500_000)
        #expect(ears.allSatisfy { $0.reasons.isEmpty })
        third.stop()
        for rank in 0..<2 {
            #expect(
                ears[rank].first()?.hasPrefix("Rank 2 of 3 on yonder has not been heard of for 2 seconds") == true, "\(ears[rank].reasons)")
        }
    }

    @Test("What a rank tells before it leaves is what the others end with", arguments: 0..<3)
    func told(_ rank: Int) throws {
        let ears = [Ear(), Ear(), Ear()]
        let all = try (0..<3).map { try watch($0, ears[$0]) }
        #expect(all[rank].claimsEnding())
        #expect(all[rank].tell("the disk is full"))
        // With rank 0 the store goes: it has waited until the others knew.
        if rank == 0 {
            all[0].stop()
            server = nil
        }
        for other in 0..<3 where other != rank {
            #expect(ears[other].first() == "the disk is full")
            #expect(all[other].reason(within: 0) == "the disk is full")
        }
        #expect(ears[rank].reasons.isEmpty)
    }

    @Test("A store that is gone is noticed by those that counted in it")
    func storeGone() throws {
        let ear = Ear()
        _ = try watch(1, ear)
        usleep(300_000)
        server = nil
        #expect(
            ear.first()?.hasPrefix("The contact to Rank 0 of 3 on here, which keeps the job together, is lost") == true, "\(ear.reasons)")
    }

    @Test("A store that does not answer is noticed, too, and a process that ends the job itself is left alone")
    func storeMute() throws {
        let (ear, other) = (Ear(), Ear())
        let open: @Sendable () throws -> KeyStore = {
            sleep(3)
            throw TorchError("too late")
        }
        for (own, isTaken) in [(ear, false), (other, true)] {
            let watch = try RankWatch(
                rank: 1, names: Self.names, patience: .init(interval: 0.1, silence: 0.5), open: open, onLoss: own.hear)
            watches.append(watch)
            if isTaken { #expect(watch.claimsEnding()) }
            #expect(watch.reason(within: 10)?.hasPrefix("Rank 0 of 3 on here, which keeps the job together, has not answered") == true)
        }
        #expect(ear.first() != nil)
        #expect(other.reasons.isEmpty)
    }

    @Test("A process that does not come to the end that it took upon itself is ended")
    func stuck() throws {
        let ear = Ear()
        let watch = try RankWatch(
            rank: 1, names: Self.names, patience: .init(interval: 0.1, silence: 0.5, ending: 1),
            open: {
                sleep(2)
                throw TorchError("too late")
            }, onLoss: ear.hear)
        watches.append(watch)
        #expect(watch.claimsEnding())
        _ = watch.reason(within: 10)
        usleep(400_000)
        #expect(ear.reasons.isEmpty)
        #expect(ear.first(within: 5) != nil)
    }

    @Test("A watch that was stopped notices nothing")
    func stopped() throws {
        let ear = Ear()
        let watch = try watch(1, ear)
        usleep(200_000)
        watch.stop()
        server = nil
        usleep(500_000)
        #expect(ear.reasons.isEmpty && watch.reason(within: 0) == nil)
    }
}
