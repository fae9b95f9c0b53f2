import Datasets
import Imaging
import Synchronization
import Testing

@Suite("Damaged files")
struct DamagedFileTests {
    private func big(_ values: UInt32...) -> [UInt8] {
        values.flatMap { value in [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: value >> $0) } }
    }

    /// `bytes` with up to four bytes changed and, half the time, cut.
    private func damaged(_ bytes: [UInt8], _ random: inout RandomStream) -> [UInt8] {
        var bytes = bytes
        for _ in 0..<Int.random(in: 1...4, using: &random) {
            bytes[Int.random(in: bytes.indices, using: &random)] = UInt8.random(in: .min ... .max, using: &random)
        }
        return Bool.random(using: &random) ? bytes : Array(bytes.prefix(Int.random(in: 0...bytes.count, using: &random)))
    }

    /// Opens `channel`; what opens must also give its records, and what fails must fail with an error of this room.
    private func open(_ channel: String) throws -> Bool {
        do {
            let data = try ClassificationDataset(channel: channel)
            for index in 0..<data.count { _ = try data.record(at: index) }
            #expect(data.histogram.reduce(0, +) == data.count || data.labelKind == .multi)
            return true
        } catch is DatasetError {
            return false
        }
    }

    @Test("A list with random damage opens or is refused, and never crashes")
    func lists() throws {
        let folder = try TemporaryFolder()
        try folder.touch("a.jpg", "b.jpg")
        let good = Array("0\t1\ta.jpg\n1\t0.000000\tb.jpg\n2\t3\ta.jpg\n".utf8)
        var refused = 0
        for index in 0..<100 {
            var random = RandomStream(seed: 1, epoch: 0, index: index)
            let path = try folder.write(damaged(good, &random), to: "x.lst")
            if try !open(path) { refused += 1 }
        }
        #expect(refused > 30 && refused < 100)
    }

    @Test("An IDX file with random damage opens or is refused, and never crashes", arguments: [false, true])
    func idx(compressed: Bool) throws {
        let folder = try TemporaryFolder()
        let images = big(0x803, 4, 3, 2) + (0..<24).map(UInt8.init)
        let labels = big(0x801, 4) + [0, 1, 2, 3]
        let goodImages = compressed ? gzip(images) : images
        let goodLabels = compressed ? gzip(labels) : labels
        var refused = 0
        for index in 0..<100 {
            var random = RandomStream(seed: 2, epoch: 0, index: index)
            let both = Bool.random(using: &random)
            try folder.write(damaged(goodImages, &random), to: "train-images-idx3-ubyte")
            try folder.write(both ? damaged(goodLabels, &random) : goodLabels, to: "train-labels-idx1-ubyte")
            if try !open(folder.path) { refused += 1 }
        }
        #expect(refused > 50)
    }
}

/// Counts classes and sums pixels, as a task's builder would copy them.
private final class CountingBuilder: BatchBuilder {
    final class Slots: Sendable {
        let labels: Mutex<[Int]>
        init(count: Int) { labels = Mutex([Int](repeating: -1, count: count)) }
    }

    let data: ClassificationDataset
    init(_ data: ClassificationDataset) { self.data = data }

    func makeBatch(count: Int) -> Slots { Slots(count: count) }

    func fill(_ batch: Slots, slot: Int, index: Int, epoch: Int) throws {
        let record = try data.record(at: index)
        guard case .pixels(let image) = record.payload, image.pixels.count == 3072, case .single(let label) = record.label else {
            throw DatasetError(.malformed, at: record.id, "no CIFAR record", remedy: "")
        }
        batch.labels.withLock { $0[slot] = label }
    }
}

@Suite("Dataset and loader together")
struct DatasetLoadingTests {
    // Skipped without the real data.
    @Test("A shuffled epoch of real CIFAR records sees every image once", .enabled(if: SharedData.holds("cifar10")))
    func cifar() throws {
        let data = try ClassificationDataset(channel: SharedData.path("cifar10"), split: .validation)
        let plan = try BatchPlan(exampleCount: data.count, batchSize: 128, shuffle: true, seed: 1)
        let loader = try BatchLoader(builder: CountingBuilder(data), plan: plan, epochs: 0..<1, workers: 2)
        var histogram = [Int](repeating: 0, count: 10)
        var mismatches = 0
        while let loaded = try loader.next() {
            let labels = loaded.batch.labels.withLock { $0 }
            for (slot, label) in labels.enumerated() {
                histogram[label] += 1
                if loaded.indices[slot] % 10 != label { mismatches += 1 }
            }
        }
        #expect(histogram == data.histogram)
        #expect(mismatches == 0)
        #expect(loader.deliveredBatches == 40)
    }
}
