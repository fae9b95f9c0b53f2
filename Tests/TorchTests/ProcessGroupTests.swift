import Foundation
import Synchronization
import Testing

@testable import Torch

/// Runs a body as several ranks, each on a thread of its own with a store and a group of its own, and answers what each made.
private func withRanks<Result: Sendable>(
    _ size: Int, _ body: @escaping @Sendable (_ rank: Int, _ store: KeyStore, _ group: ProcessGroup) throws -> Result
) throws -> [Result] {
    // Below those that the system gives out itself.
    let port = Int.random(in: 20_000..<32_000)
    let results = Mutex([Int: Swift.Result<Result, any Error>]())
    let done = DispatchSemaphore(value: 0)
    for rank in 0..<size {
        Thread.detachNewThread {
            let result = Swift.Result {
                let store = try KeyStore(host: "127.0.0.1", port: port, serves: rank == 0, seconds: 30)
                let group = try ProcessGroup(
                    store: store, name: "test", rank: rank, size: size, device: .address("127.0.0.1"), seconds: 30)
                let value = try body(rank, store, group)
                // The store goes last.
                try group.reduce(Tensor([0.0], shape: [1]))
                return value
            }
            results.withLock { $0[rank] = result }
            done.signal()
        }
    }
    for _ in 0..<size { done.wait() }
    return try results.withLock { results in try (0..<size).compactMap { try results[$0]?.get() } }
}

@Suite("Process groups")
struct ProcessGroupTests {
    @Test("Sums, extremes, broadcasts and gathered parts are the same in every rank")
    func collectives() throws {
        let results = try withRanks(3) { rank, _, group in
            let numbers = try Tensor([Double(rank), 10 - Double(rank)], shape: [2])
            let (sum, largest) = (try numbers.clone(), try numbers.clone())
            try group.reduce(sum)
            try group.reduce(largest, .maximum)
            let mine = try Tensor([Float(rank + 7)], shape: [1])
            try group.broadcast(mine, from: 2)
            let all = try group.gather(numbers, size: 3)
            return try sum.elements(as: Double.self) + largest.elements(as: Double.self) + mine.elements(as: Double.self)
                + all.elements(as: Double.self)
        }
        for result in results { #expect(result == [3, 27, 2, 10, 9, 0, 10, 1, 9, 2, 8]) }
    }

    @Test("A channels-last tensor keeps its layout when it becomes another rank's")
    func channelsLast() throws {
        let results = try withRanks(2) { rank, _, group in
            let values = (0..<24).map { Float($0 + 100 * rank) }
            let tensor = try Tensor(values, shape: [1, 2, 3, 4]).channelsLast()
            try group.broadcast(tensor)
            return (try tensor.elements(as: Float.self), tensor.isChannelsLast)
        }
        for result in results { #expect(result.0 == (0..<24).map(Float.init) && result.1) }
    }

    @Test("Keys are there for all; one that does not come in time is an error")
    func keys() throws {
        let results = try withRanks(2) { rank, store, _ in
            try store.set("of \(rank)", "größe \(rank)")
            let other = try store.value(of: "of \(1 - rank)", within: 10)
            try store.add(rank + 1, to: "number")
            var isLate = false
            do { _ = try store.value(of: "never", within: 0.2) } catch { isLate = true }
            return (other, isLate, try store.has("of 0"), try store.has("never"))
        }
        for (rank, result) in results.enumerated() { #expect(result == ("größe \(1 - rank)", true, true, false)) }
    }

    @Test("Gradients in buckets, however small, are the sums of all ranks', with and without overlap", arguments: [1, 64, 1 << 20])
    func gradients(bucketBytes: Int) throws {
        let results = try withRanks(2) { rank, _, group in
            let weights = try (0..<5).map { index in
                try Tensor((0..<(index + 1) * 3).map { Float($0 % 5) }, shape: [index + 1, 3]).requiringGradient()
            }
            // Nothing depends on the last: it takes part with zeros.
            let reducer = try GradientReducer(weights, group: group, bucketBytes: bucketBytes)
            var found: [[Float]] = []
            for overlaps in [true, false] {
                reducer.arm(overlaps: overlaps)
                var loss = try Tensor(0, shape: [])
                for weight in weights.dropLast() { loss = try loss + (weight * weight * Double(rank + 1)).sum() }
                try loss.backward()
                try reducer.finish(scale: 0.5)
                found.append(try weights.flatMap { try $0.gradient?.elements(as: Float.self) ?? [] })
                for weight in weights { weight.clearGradient() }
            }
            return found
        }
        // d/dw (w² · (1 + 2)) · ½ = 3 w
        let expected = (0..<4).flatMap { index in (0..<(index + 1) * 3).map { Float($0 % 5) * 3 } } + [Float](repeating: 0, count: 15)
        for result in results { #expect(result == [expected, expected]) }
    }

    @Test("A scale that is a tensor scales as a number does")
    func tensorScale() throws {
        let results = try withRanks(2) { rank, _, group in
            let weight = try Tensor([1, 2, 3] as [Float]).requiringGradient()
            let reducer = try GradientReducer([weight], group: group)
            reducer.arm()
            try (weight * weight * Double(rank + 1)).sum().backward()
            try reducer.finish(scale: Tensor([0.5], shape: [1]))
            return try weight.gradient?.elements(as: Float.self) ?? []
        }
        for result in results { #expect(result == [3, 6, 9]) }
    }

    @Test("Without NCCL, or without a GPU, joining over NCCL is an error in every rank, and sums go on over Gloo")
    func withoutNCCL() throws {
        guard Device.cudaCount == 0 else { return }
        let isThere = (try? ProcessGroup.ncclVersion()) != nil
        let results = try withRanks(2) { rank, store, group in
            var reason = ""
            do {
                try group.joinDevices(store: store, name: "test", rank: rank, size: 2, device: 0, seconds: 10)
            } catch { reason = "\(error)" }
            group.leaveDevices()
            let number = try Tensor([Double(rank + 1)], shape: [1])
            try group.startSum(number).wait()
            return (reason, try number.item())
        }
        #expect(isThere || (results[0].0.contains("NCCL does not load") && results[0].0.contains("libnccl.so.2")))
        #expect(isThere || results[1].0.contains("rank 0 has no NCCL"))
        #expect(results.allSatisfy { !$0.0.isEmpty })
        #expect(results.map(\.1) == [3, 3])
    }

    @Test("Statistics shared in a group of one are plain batch normalisation's, by kernels and by libtorch's operations")
    func sharedStatistics() throws {
        _ = try withRanks(1) { _, _, group in
            func run(channelsLast: Bool, shared: Bool) throws -> [Tensor] {
                let numbers = try Tensor.randomNormal([4, 19, 7, 5], seed: 51)
                let x = try (channelsLast ? numbers.channelsLast() : numbers).requiringGradient()
                let (mean, variance) = (try Tensor.zeros([19]), try Tensor.ones([19]))
                let weight = try Tensor.randomNormal([19], seed: 52).requiringGradient()
                let bias = try Tensor.randomNormal([19], seed: 53).requiringGradient()
                SharedNormStatistics.share(over: shared ? group : nil)
                defer { SharedNormStatistics.share(over: nil) }
                let y = try batchNorm(
                    x, weight: weight, bias: bias, runningMean: mean, runningVariance: variance, training: true, relu: true)
                try (y * y).sum().backward()
                return try [y.detached(), #require(x.gradient), #require(weight.gradient), #require(bias.gradient), mean, variance]
            }
            let plain = try run(channelsLast: false, shared: false)
            for channelsLast in [false, true] {
                for (found, expected) in zip(try run(channelsLast: channelsLast, shared: true), plain) {
                    let (a, b) = (try found.contiguous().elements(as: Float.self), try expected.contiguous().elements(as: Float.self))
                    #expect(a.count == b.count)
                    for (a, b) in zip(a, b) { #expect(abs(a - b) <= 2e-4 * max(1, abs(b)), "\(a) \(b)") }
                }
            }
        }
    }

    @Test("How long connecting may take does not bound what is done once connected")
    func patience() throws {
        let port = Int.random(in: 20_000..<32_000)
        let done = DispatchSemaphore(value: 0)
        let sums = Mutex([Double]())
        for rank in 0..<2 {
            Thread.detachNewThread {
                defer { done.signal() }
                guard let store = try? KeyStore(host: "127.0.0.1", port: port, serves: rank == 0, seconds: 30),
                    let group = try? ProcessGroup(
                        store: store, name: "patient", rank: rank, size: 2, device: .address("127.0.0.1"), connecting: 2, seconds: 30)
                else { return }
                if rank == 1 { sleep(3) }
                guard let number = try? Tensor([Double(rank + 1)], shape: [1]), (try? group.reduce(number)) != nil,
                    let sum = try? number.item()
                else { return }
                sums.withLock { $0.append(sum) }
                // The store goes last.
                if rank == 0 { sleep(1) }
            }
        }
        for _ in 0..<2 { done.wait() }
        #expect(sums.withLock { $0 } == [3, 3])

    }

    @Test("An operation of several processes that fails says that it is one; what a process does alone does not")
    func kinds() throws {
        let results = try withRanks(2) { rank, store, group in
            let alone = try ProcessGroup(
                store: store, name: "impatient", rank: rank, size: 2, device: .address("127.0.0.1"), seconds: 1)
            let number = try Tensor([1.0], shape: [1])
            var found: [Bool?] = []
            // Rank 1 does not come.
            if rank == 0 { do { try alone.reduce(number) } catch { found.append((error as? TorchError)?.isCollective) } }
            do { _ = try Tensor.ones([2]) + Tensor.ones([3]) } catch { found.append((error as? TorchError)?.isCollective) }
            return found
        }
        #expect(results == [[true, false], [false]])
    }

    @Test("A rank that is gone makes the others' calls fail")
    func gone() throws {
        let results = try withRanks(1) { _, _, _ in true }
        #expect(results == [true])
        #expect(throws: TorchError.self) { try KeyStore(host: "127.0.0.1", port: 1, serves: false, seconds: 0.5) }
    }
}
