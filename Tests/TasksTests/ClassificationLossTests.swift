import Datasets
import Testing
import Torch

@testable import Tasks

/// Another process, which has counted this.
private final class Other: MetricsExchange {
    let numbers: [Double]
    init(_ numbers: [Double]) { self.numbers = numbers }
    func gather(_ own: [Double]) -> [[Double]] { [own, numbers] }
}

@Suite("The loss of one class an image")
struct SmoothedLossTests {
    @Test("Label smoothing gives all classes alike a share of the target")
    func smoothing() throws {
        let (logits, classes) = (try Tensor.randomNormal([6, 5], seed: 4), try Tensor([0, 4, 2, 2, 1, 3] as [Int64], shape: [6]))
        func loss(_ smoothing: Double) throws -> Double {
            try ClassificationLoss(multiLabel: false, smoothing: smoothing, weights: nil, device: .cpu)(logits, classes: classes).item()
        }
        // The mean over all classes in the label's place is the loss of a uniform target.
        let uniform = try (0..<5).map { try crossEntropy(logits, Tensor([Int64](repeating: $0, count: 6), shape: [6])).item() }
        #expect(abs(try loss(0) - crossEntropy(logits, classes).item()) < 1e-7)
        #expect(abs(try loss(0.2) - (0.8 * loss(0) + 0.2 * uniform.reduce(0, +) / 5)) < 1e-6)
    }
}

@Suite("Classes that weigh by how often they are there")
struct WeightedLossTests {
    private func task(_ labels: [[Float]]) throws -> ClassificationTask {
        let settings = try ClassificationHyperparameters([
            "num_layers": "20", "image_shape": "3,16,16", "multi_label": "1", "use_weighted_loss": "1", "mini_batch_size": "2",
        ])
        return try ClassificationTask(
            hyperparameters: settings,
            training: ClassificationDataset(
                storage: Blanks(count: labels.count), labels: labels.map { .multi($0) }, classNames: ["a", "b"], source: "blanks"),
            validation: nil, device: .cpu)
    }

    @Test("Hosts with data of their own weigh classes by what all of them have; processes that share data count it once")
    func hosts() throws {
        let (here, there): ([[Float]], [[Float]]) = ([[1, 0], [1, 0], [1, 1], [0, 0]], [[0, 1], [0, 1], [0, 0]])
        let (logits, targets) = (try Tensor.randomNormal([4, 2], seed: 3), try Tensor(here.flatMap { $0 }, shape: [4, 2]))
        let together = try task(here + there).loss(logits, targets: targets).item()
        let alone = try task(here)
        #expect(abs(try alone.loss(logits, targets: targets).item() - together) > 1e-3)
        alone.share.exchange = Other([3, 0, 2])
        try alone.meet()
        #expect(abs(try alone.loss(logits, targets: targets).item() - together) < 1e-6)
        // The second process of this host adds nothing to what the first has said.
        let second = try task(here)
        second.share.training = BatchShare(part: 1, of: 2)
        second.share.exchange = Other([7, 3, 3])
        try second.meet()
        #expect(abs(try second.loss(logits, targets: targets).item() - together) < 1e-6)
    }
}
