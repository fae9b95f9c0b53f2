import Testing

@testable import Datasets

@Suite("Orders and random streams")
struct OrderTests {
    @Test("Philox4x32-10 gives the known answers of Random123")
    func knownAnswers() {
        #expect(
            Philox.block(counter: SIMD4(repeating: 0), key: SIMD2(repeating: 0))
                == SIMD4(0x6627_e8d5, 0xe169_c58d, 0xbc57_ac4c, 0x9b00_dbd8))
        #expect(
            Philox.block(counter: SIMD4(repeating: .max), key: SIMD2(repeating: .max))
                == SIMD4(0x408f_276d, 0x41c8_3b0e, 0xa20b_c7c6, 0x6d54_51fd))
        #expect(
            Philox.block(
                counter: SIMD4(0x243f_6a88, 0x85a3_08d3, 0x1319_8a2e, 0x0370_7344), key: SIMD2(0xa409_3822, 0x299f_31d0))
                == SIMD4(0xd16c_fe09, 0x94fd_cceb, 0x5001_e420, 0x2412_6ea1))
    }

    @Test("An epoch's order is a permutation, the same for the same seed and epoch", arguments: [0, 1, 2, 3, 1000])
    func permutation(count: Int) {
        let order = EpochOrder(count: count, seed: 5, epoch: 2, shuffle: true)
        #expect(order.sorted() == Array(0..<count))
        #expect(order == EpochOrder(count: count, seed: 5, epoch: 2, shuffle: true))
        #expect(Array(EpochOrder(count: count, seed: 5, epoch: 2, shuffle: false)) == Array(0..<count))
    }

    @Test("Orders differ by epoch and by seed")
    func differences() {
        var seen: Set<[Int]> = []
        for seed in [0, 1, 1 << 32] as [UInt64] {
            for epoch in 0..<20 { seen.insert(Array(EpochOrder(count: 50, seed: seed, epoch: epoch, shuffle: true))) }
        }
        #expect(seen.count == 60)
    }

    @Test("A stored order stays what it was: a checkpoint of an older release resumes to the same examples")
    func stability() {
        #expect(Array(EpochOrder(count: 10, seed: 42, epoch: 3, shuffle: true)) == [4, 0, 3, 2, 1, 7, 6, 5, 9, 8])
        var random = RandomStream(seed: 42, epoch: 3, index: 7)
        #expect(
            [random.next(), random.next(), random.next()] == [
                11_066_327_158_378_730_348, 17_338_570_603_616_555_428, 7_168_286_014_816_225_533,
            ])
    }

    @Test("A computed order visits each example once, whatever their number", arguments: [1, 2, 3, 10, 4096, 100_003])
    func computed(count: Int) {
        let order = ComputedPermutation(count: count, seed: 5, epoch: 2)
        #expect((0..<count).map { order[$0] }.sorted() == Array(0..<count))
    }

    @Test("Orders of millions are computed, differ by epoch and seed, and stay what they were")
    func millions() {
        func head(_ seed: UInt64, _ epoch: Int) -> [Int] {
            Array(EpochOrder(count: 10_000_000, seed: seed, epoch: epoch, shuffle: true).prefix(200))
        }
        #expect(Set(head(3, 0)).count == 200)
        #expect(Set([head(3, 0), head(3, 1), head(4, 0), head(3 << 32, 0)]).count == 4)
        #expect(Array(head(42, 3).prefix(4)) == [6_416_016, 1_601_068, 658_925, 7_927_588])
        #expect(EpochOrder(count: 10_000_000, seed: 1, epoch: 0, shuffle: false)[9_999_999] == 9_999_999)
    }

    private func chiSquared(_ counts: [Int], expected: Double) -> Double {
        counts.reduce(0.0) { sum, count in
            let deviation = Double(count) - expected
            return sum + deviation * deviation / expected
        }
    }

    @Test("A computed order is as good as one that chance has drawn: neighbours are far apart, and no position favours an example")
    func computedChance() {
        let count = 1 << 16
        let order = ComputedPermutation(count: count, seed: 8, epoch: 1)
        let places = (0..<count).map { order[$0] }
        // The share of ascents is a half, give or take √(1/12n); the mean distance of neighbours a third, give or take 0.24/√n.
        let ascents = zip(places, places.dropFirst()).count { $0 < $1 }
        #expect(abs(Double(ascents) / Double(count) - 0.5) < 6 * 0.289 / 256)
        let distance = zip(places, places.dropFirst()).map { abs($0 - $1) }.reduce(0, +)
        #expect(abs(Double(distance) / Double(count) / Double(count) - 1.0 / 3) < 6 * 0.24 / 256)
        // Sixteenths of positions against sixteenths of examples: 225 degrees of freedom, standard deviation 21.
        var counts = [Int](repeating: 0, count: 256)
        for (position, place) in places.enumerated() { counts[position * 16 / count * 16 + place * 16 / count] += 1 }
        #expect(abs(chiSquared(counts, expected: 256) - 225) < 6 * 21)
        // By epoch, each of five positions for each of five examples, as for stored orders.
        var small = [[Int]](repeating: [Int](repeating: 0, count: 5), count: 5)
        for epoch in 0..<5000 {
            let order = ComputedPermutation(count: 5, seed: 1, epoch: epoch)
            for position in 0..<5 { small[position][order[position]] += 1 }
        }
        #expect(chiSquared(Array(small.joined()), expected: 1000) < 50)
    }

    @Test("Every position of an order is as likely for every example")
    func uniformOrder() {
        var counts = [[Int]](repeating: [Int](repeating: 0, count: 5), count: 5)
        for epoch in 0..<5000 {
            for (position, example) in EpochOrder(count: 5, seed: 1, epoch: epoch, shuffle: true).enumerated() {
                counts[position][example] += 1
            }
        }
        // 1000 expected, standard deviation 28; 16 degrees of freedom, of which chi² > 50 in one of 40,000 sequences.
        let deviations = counts.joined().map { Double($0 - 1000) }
        #expect(deviations.map { $0 * $0 / 1000 }.reduce(0, +) < 50)
    }

    @Test("Streams of neighbouring seeds, epochs and examples share no number and are not correlated")
    func independence() {
        func draw(_ seed: UInt64, _ epoch: Int, _ index: Int) -> [UInt64] {
            var stream = RandomStream(seed: seed, epoch: epoch, index: index)
            return (0..<64).map { _ in stream.next() }
        }
        let base = draw(9, 4, 100)
        #expect(base == draw(9, 4, 100))
        var all = Set(base)
        let others = [draw(8, 4, 100), draw(9, 5, 100), draw(9, 4, 101), draw(9, 100, 4), draw(9 << 32, 4, 100), draw(9, 4, 100 + 1 << 33)]
        for other in others {
            all.formUnion(other)
            // Of 4096 bits half agree, give or take 32; 6 deviations are a chance of one in 10⁹.
            let agreeing = zip(base, other).map { 64 - ($0 ^ $1).nonzeroBitCount }.reduce(0, +)
            #expect(abs(agreeing - 2048) < 192)
        }
        #expect(all.count == 64 * 7)
    }

    @Test("The first numbers of successive examples are uniform and uncorrelated")
    func acrossExamples() {
        let values = (0..<10_000).map { index in
            var stream = RandomStream(seed: 0, epoch: 0, index: index)
            return Double.random(in: 0..<1, using: &stream)
        }
        let mean = values.reduce(0, +) / 10_000
        #expect(abs(mean - 0.5) < 0.015)
        let products = zip(values, values.dropFirst()).map { ($0 - 0.5) * ($1 - 0.5) }
        #expect(abs(products.reduce(0, +) / 9_999 * 12) < 0.05)
    }

    @Test("Bounded numbers cover their range evenly")
    func bounded() {
        var random = RandomStream(seed: 3, epoch: 0, index: 0)
        var counts = [Int](repeating: 0, count: 7)
        for _ in 0..<7000 { counts[Int(random.next(below: 7))] += 1 }
        #expect(counts.allSatisfy { abs($0 - 1000) < 150 })
        #expect(random.next(below: 1) == 0 && random.next(below: 0) == 0)
    }
}

@Suite("Batch plans")
struct BatchPlanTests {
    private func batches(_ plan: BatchPlan, epoch: Int = 0) -> [[Int]] {
        let order = plan.order(ofEpoch: epoch)
        return (0..<plan.batchCount).map { plan.indices(ofBatch: $0, in: order) }
    }

    @Test("The last, partial batch is kept, dropped, or filled from the beginning")
    func remainder() throws {
        #expect(try batches(BatchPlan(exampleCount: 5, batchSize: 2)) == [[0, 1], [2, 3], [4]])
        #expect(try batches(BatchPlan(exampleCount: 5, batchSize: 2, remainder: .drop)) == [[0, 1], [2, 3]])
        let wrap = try BatchPlan(exampleCount: 5, batchSize: 2, remainder: .wrap)
        #expect(batches(wrap) == [[0, 1], [2, 3], [4, 0]])
        #expect(Array(wrap.wrappedSlots(ofBatch: 2)) == [1] && wrap.wrappedSlots(ofBatch: 1).isEmpty)
        #expect(try batches(BatchPlan(exampleCount: 2, batchSize: 5, remainder: .wrap)) == [[0, 1, 0, 1, 0]])
        for remainder in [RemainderPolicy.keep, .drop, .wrap] {
            #expect(try batches(BatchPlan(exampleCount: 4, batchSize: 2, remainder: remainder)) == [[0, 1], [2, 3]])
        }
    }

    @Test("The published SageMaker batch counts come out: 15,420 images at 128 are 120 batches, 2,500 are 19, 606 are 4")
    func published() throws {
        for (images, expected) in [(15_420, 120), (2_500, 19), (606, 4)] {
            #expect(try BatchPlan(exampleCount: images, batchSize: 128, remainder: .drop).batchCount == expected)
        }
    }

    @Test("A plan without a batch is an error")
    func impossible() {
        #expect(
            message { _ = try BatchPlan(exampleCount: 3, batchSize: 4, remainder: .drop) }
                == "mini_batch_size: 4 is more than the 3 images, so no whole batch is left; set it to 3 or less")
        #expect(message { _ = try BatchPlan(exampleCount: 3, batchSize: 0) }.hasPrefix("mini_batch_size: 0 is not in 1…1048576;"))
        #expect(message { _ = try BatchPlan(exampleCount: 3, batchSize: .max, remainder: .wrap) }.contains("is not in 1…"))
        #expect(message { _ = try BatchPlan(exampleCount: 0, batchSize: 1) }.contains("it has no examples"))
    }
}
