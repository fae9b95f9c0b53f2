import Datasets
import Torch

/// The loss of classification: softmax cross-entropy, or for several labels an image, independent binary cross-entropies.
struct ClassificationLoss {
    let multiLabel: Bool
    /// The share of the target that all classes have alike: Szegedy et al. 2016, section 7.
    let smoothing: Double
    /// Multi-label with weights: the factors of present and of absent classes, 1, classes.
    private let factors: (present: Tensor, absent: Tensor)?

    /// - Parameter weights: how each class's presence and absence weigh; nil: equally.
    init(multiLabel: Bool, smoothing: Double = 0, weights: (present: [Float], absent: [Float])?, device: Device) throws {
        self.multiLabel = multiLabel
        self.smoothing = smoothing
        factors = try weights.map {
            (
                try Tensor($0.present, shape: [1, $0.present.count]).to(device),
                try Tensor($0.absent, shape: [1, $0.absent.count]).to(device)
            )
        }
    }

    /// Logits N, classes and ids N.
    func callAsFunction(_ logits: Tensor, classes: Tensor) throws -> Tensor { try crossEntropy(logits, classes, labelSmoothing: smoothing) }

    /// Logits and multi-hot targets, both N, classes.
    func callAsFunction(_ logits: Tensor, targets: Tensor) throws -> Tensor {
        guard let factors else { return try binaryCrossEntropy(logits, targets) }
        let weight = try targets * (factors.present - factors.absent) + factors.absent
        return try binaryCrossEntropy(logits, targets, weight: weight)
    }

    /// Weights by which presence and absence of each class count equally over the set: N / 2P and N / 2(N − P).
    static func balancingWeights(present counts: [Double], of images: Double) -> (present: [Float], absent: [Float]) {
        let (total, counts) = (Float(images), counts.map { Float($0) })
        // A class that is always or never there teaches nothing by its weight; half the set bounds it.
        let present = counts.map { total / (2 * max(1, min(total - 1, $0))) }
        let absent = counts.map { total / (2 * max(1, total - $0)) }
        return (present, absent)
    }
}
